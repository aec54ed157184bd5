"""Search: from what is in one's hand to its page."""

from itertools import groupby
from urllib.parse import quote

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from kit.language import mark
from settlement.finding import LONGEST, Found, find
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here

pages = Blueprint("desk_search", __name__, url_prefix="/desk")

# Of each kind: what its group is called, and where its page is.
PLACES = {
    "window": (mark("Windows"), "/desk/windows/{}"),
    "partner": (mark("Partners"), "/desk/partners/{}"),
    "journal": (mark("Journals"), "/desk/journals/{}"),
    "reference": (mark("References"), "/desk/journals/{}"),
    "statement": (mark("Statements"), "/desk/statements/{}"),
    "invoice": (mark("Invoices"), "/desk/windows/{}"),
    "file": (mark("Payment files"), "/desk/windows/{}/pay"),
    "payment": (mark("Payments"), "/desk/windows/{}/pay"),
    "key": (mark("Keys"), "/desk/partners/{}"),
    "dispute": (mark("Disputes"), "/desk/disputes/{}"),
    "proposal": (mark("Approvals"), "/desk/approvals/{}"),
    "reconciliation": (mark("Reconciliation"), "/desk/reconciliation/{}"),
    "exchange": (mark("Exchanges"), "/desk/health/exchanges/{}"),
    "member": (mark("Members"), "/desk/members/{}"),
}


@pages.get("/search")
@signed_in()
def search() -> ResponseReturnValue:
    """What was meant, group by group; one exact hit is shown at once. A script gets the hits."""
    asked = request.args.get("q", "").strip()[:LONGEST]
    with here().database.transaction() as session:
        found = [one for one in find(session, asked) if may_open(one)] if asked else []
    groups = [
        (PLACES[kind][0], [(one, where(one)) for one in hits])
        for kind, hits in groupby(found, key=lambda one: one.kind)
    ]
    if request.headers.get("X-Fragment"):
        return render_template("desk/search_hits.html", groups=groups, count=len(found))
    if len(found) == 1 and found[0].exact:
        return redirect(where(found[0]), 303)
    return render_template("desk/search.html", asked=asked, groups=groups, count=len(found))


def where(found: Found) -> str:
    """The page of what was found."""
    return PLACES[found.kind][1].format(quote(found.key, safe=""))


def may_open(found: Found) -> bool:
    """Whether who is signed in may open it: a member's page is for those who help members."""
    return found.kind != "member" or me().may("members") or "auditor" in me().roles
