"""What stands on every page of the desk, and how its lists speak through their URLs."""

import re
from datetime import UTC, datetime

import pytest

from kit.database import Database
from staff import approvals
from tests.desk.conftest import SignIn
from tests.members.visitor import Site
from tests.web.frame.test_frame import faults

PAGES = (
    "/desk", "/desk/frame", "/desk/search", "/desk/search?q=x", "/desk/shortcuts", "/desk/health",
)  # fmt: skip


class TestEveryPage:
    @pytest.mark.parametrize("language", ["en", "zh"])
    @pytest.mark.parametrize("path", PAGES)
    def test_is_strict_and_has_its_landmarks(
        self, sign_in: SignIn, path: str, language: str
    ) -> None:
        answer = sign_in("fay", "finance", language=language).get(path)
        assert answer.status == 200
        assert faults(answer.text) == []
        for landmark in ("<header", "<main", "<footer", '<nav class="side"'):
            assert answer.text.count(landmark) == 1, landmark
        assert len(re.findall(r"<h1[ >]", answer.text)) == 1

    def test_names_the_place_where_one_is(self, sign_in: SignIn) -> None:
        visitor = sign_in("fay", "finance")
        for path in ("/desk", "/desk/health"):
            text = visitor.get(path).text
            here = re.findall(r'<a href="([^"]+)"[^>]* aria-current="page"', text)
            assert set(here) == {path}


class TestWhatWaits:
    @pytest.fixture(autouse=True)
    def proposals(self, database: Database, sign_in: SignIn) -> None:
        sign_in("mei", "finance")
        with database.transaction() as session:
            for points in (1, 2):
                approvals.propose(
                    session,
                    kind="adjustment",
                    content={"points": points},
                    reason="a test",
                    by="mei",
                    now=datetime.now(UTC),
                )

    def test_is_counted_for_who_can_approve(self, sign_in: SignIn) -> None:
        text = sign_in("ann", "approver").get("/desk/shortcuts").text
        assert re.search(r'class="to-approvals".*?<span class="count">2<', text)

    def test_is_not_counted_for_who_cannot_approve(self, sign_in: SignIn) -> None:
        assert "waiting for you" not in sign_in("fay", "finance").get("/desk/shortcuts").words


class TestShortcuts:
    def test_are_switched_off_and_on_again(self, sign_in: SignIn) -> None:
        visitor = sign_in("fay", "finance")
        assert 'data-shortcuts="on"' in visitor.get("/desk").text
        visitor.submit("/desk/shortcuts", on="/desk/shortcuts", shortcuts="off")
        assert visitor.cookies["shortcuts"] == "off"
        assert 'data-shortcuts="off"' in visitor.get("/desk").text
        visitor.submit("/desk/shortcuts", on="/desk/shortcuts", shortcuts="on")
        assert 'data-shortcuts="on"' in visitor.get("/desk").text

    def test_lead_back_to_our_own_pages_alone(self, sign_in: SignIn) -> None:
        visitor = sign_in("fay", "finance")
        answer = visitor.post(
            "/desk/shortcuts", on="/desk/shortcuts", shortcuts="off", back="//other.example"
        )
        assert answer.location == "/desk/shortcuts"

    def test_need_the_token_of_the_page(self, sign_in: SignIn) -> None:
        visitor = sign_in("fay", "finance")
        assert visitor.send("POST", "/desk/shortcuts", {"shortcuts": "off"}).status == 403

    def test_are_listed_for_a_script_alone(self, sign_in: SignIn, site: Site) -> None:
        answer = sign_in("fay", "finance").get("/desk/shortcuts", **{"X-Fragment": "1"})
        assert "<kbd>/</kbd>" in answer.text
        assert "<html" not in answer.text
        assert site.visitor().get("/desk/shortcuts", **{"X-Fragment": "1"}).status == 401


class TestLists:
    def test_one_head_says_how_it_is_sorted(self, sign_in: SignIn) -> None:
        visitor = sign_in("fay", "finance")
        main = visitor.get("/desk/frame?sort=-net").text
        assert re.findall(r'aria-sort="(\w+)"', main) == ["descending"]
        assert 'href="/desk/frame?sort=net"' in main
        # As usual: nothing is said in the URL that goes without saying.
        assert 'class="sort" href="/desk/frame"' in main

    def test_a_filter_is_a_chip_that_takes_it_off(self, sign_in: SignIn) -> None:
        text = sign_in("fay", "finance").get("/desk/frame?state=pays&sort=-net").text
        assert 'class="chip" href="/desk/frame?sort=-net"' in text
        assert "State: pays" in text
        assert '<option value="pays" selected>' in text
        assert '<input type="hidden" name="sort" value="-net">' in text

    def test_the_file_has_the_same_filters(self, sign_in: SignIn) -> None:
        text = sign_in("fay", "finance").get("/desk/frame?state=pays").text
        assert 'href="/desk/frame?state=pays&amp;format=csv" data-csv' in text

    @pytest.mark.parametrize(
        "query", ["sort=evil", "rows=7", "after=%00", "after=x", "before=bnVsbA", "state=%3Cb%3E"]
    )
    def test_what_nobody_offers_does_no_harm(self, sign_in: SignIn, query: str) -> None:
        answer = sign_in("fay", "finance").get(f"/desk/frame?{query}")
        assert answer.status == 200
        assert "<b>" not in answer.text
