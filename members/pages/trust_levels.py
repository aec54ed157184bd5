"""What counts for trust, and what each level allows: for everybody to read, signed in or not."""

from flask import Blueprint, g, render_template

from members.pages.wiring import here
from members.trust import standing
from members.trust import words as trust_words
from members.trust.levels import LIMITS, RUNGS

pages = Blueprint("trust_levels", __name__)


@pages.get("/trust-levels")
def trust_levels() -> str:
    """The rule as it is; with where the reader stands, if they are known."""
    mine = None
    if g.me is not None:
        with here().database.transaction() as session:
            mine = standing.of(session, g.me.person, now=here().clock())
    return render_template(
        "members/trust_levels.html",
        mine=mine,
        limits=LIMITS,
        rungs=RUNGS,
        name=trust_words.name,
        step=trust_words.step,
    )
