"""Every page of the desk there is: whom it lets in, and that nothing is done without a token."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from kit.ids import to_text, uuid7
from tests.desk.conftest import SignIn
from tests.members.visitor import Site

ROLES = ("operations", "finance", "approver", "risk", "auditor", "administrator")

# What a stranger may ask for: the ways in, and the parts of pages that developers look at.
WAYS_IN = re.compile("/desk/(sign-in|invitation|provider|frame)(/|$)")
# What whoever is signed in may send, an auditor too: it concerns nobody but them, or has something
# checked again.
ONES_OWN = re.compile(
    "/desk/(account(/.*)?|prove(/.*)?|shortcuts|sign-out|check|books/make"
    "|(journals|audit|statements)/.*/verify)$"
)
# What hangs on who somebody is, not on a role: the proposer, or whoever approved the invitation.
BY_NAME = re.compile("/desk/(approvals/.*/withdraw|people/.*/link)$")


class Page(NamedTuple):
    method: str
    path: str


def pages(site: Site) -> Iterator[Page]:
    """Each page once for each method, its holes filled with what names nothing."""
    for rule in site.rules:
        if rule.rule == "/desk" or rule.rule.startswith("/desk/"):
            path = re.sub("<[^>]+>", to_text("prp", uuid7()), rule.rule)
            for method in sorted((rule.methods or set()) & {"GET", "POST"}):
                yield Page(method, path)


def test_there_are_many(site: Site) -> None:
    found = list(pages(site))
    assert len(found) > 100
    assert sum(page.method == "POST" for page in found) > 40


def test_strangers_see_the_ways_in_alone(site: Site) -> None:
    stranger = site.visitor()
    for page in pages(site):
        if page.method == "GET" and not WAYS_IN.match(page.path):
            answer = stranger.send("GET", page.path)
            assert (answer.status, answer.location.split("?")[0]) == (303, "/desk/sign-in"), page


def test_strangers_send_nothing(site: Site) -> None:
    """With a token of their own, that is; without one nobody does."""
    stranger = site.visitor()
    token = stranger.token("/desk/sign-in")
    for page in pages(site):
        if page.method == "POST" and not WAYS_IN.match(page.path):
            answer = stranger.send("POST", page.path, {"csrf_token": token})
            there = (answer.status, answer.location.split("?")[0])
            assert there == (303, "/desk/sign-in"), page


def test_nothing_is_sent_without_a_token(site: Site, sign_in: SignIn) -> None:
    everything = sign_in("eve", *ROLES)
    for page in pages(site):
        if page.method == "POST":
            assert everything.send("POST", page.path, {"reason": "x"}).status == 403, page


def test_an_auditor_reads_all_and_sends_nothing(site: Site, sign_in: SignIn) -> None:
    auditor = sign_in("ida", "auditor")
    token = auditor.token("/desk")
    for page in pages(site):
        others = any(each.match(page.path) for each in (WAYS_IN, ONES_OWN, BY_NAME))
        if page.method == "POST" and not others:
            answer = auditor.send("POST", page.path, {"csrf_token": token})
            assert answer.status == 403, page
            assert "no longer valid" not in answer.words, page  # It is the role that is missing.


def test_no_page_fails_on_what_names_nothing(site: Site, sign_in: SignIn) -> None:
    everything = sign_in("eve", *ROLES)
    token = everything.token("/desk")
    for page in pages(site):
        if page.path == "/desk/sign-out":
            continue
        fields = {"csrf_token": token} if page.method == "POST" else None
        assert everything.send(page.method, page.path, fields).status < 500, page
