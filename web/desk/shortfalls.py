"""A partner that does not pay: what either way would do to everybody, and proposing just that."""

from typing import get_args

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

import settlement.store
from kit.errors import Refusal
from kit.forms import Form
from kit.language import gettext as _
from kit.language import mark
from settlement.defaults import defaulting
from settlement.defaults.dry_run import Method, Outcome
from staff.roles import Power, who_may
from web.desk.files import as_csv
from web.desk.parties import Parties
from web.desk.proposing import Made, propose_from
from web.desk.refusals import in_words
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here
from web.frame.formats import money

pages = Blueprint("desk_shortfalls", __name__, url_prefix="/desk")

METHODS = {
    "without": mark("Settle without it: everything with it waits for a later window"),
    "cover": mark("Cover it: security and the others make it up, the rest stands"),
}


STEPS = {
    "collateral": mark("collateral"),
    "own-contribution": mark("its own part of the fund"),
    "mutual-fund": mark("mutual fund"),
    "loss": mark("loss, by what it is owed"),
}


@pages.get("/windows/<name>/default/<slug>")
@signed_in()
def default(name: str, slug: str) -> ResponseReturnValue:
    """The dry run of both ways; who may propose one of them types the window's name."""
    return _default(name, slug, Form())


@pages.post("/windows/<name>/default/<slug>")
@signed_in(Power.RISK)
def propose_default(name: str, slug: str) -> ResponseReturnValue:
    """Propose one of the two ways."""
    form = Form(None, request.form)
    method = form.typed.get("method", "")
    if method not in METHODS:
        form.refuse("method", _("Choose one of these"))
    if form.typed.get("window", "") != name:
        form.refuse("window", _("Type %(name)s to confirm.", name=name))

    def made(session: Session) -> Made:
        party = Parties(session).find(slug)
        if party is None:
            abort(404)
        return "default", defaulting.dry_run(session, name, party.number, method).content()

    return propose_from(form, made) or _default(name, slug, form)


def _default(name: str, slug: str, form: Form) -> ResponseReturnValue:
    with here().database.transaction() as session:
        window = settlement.store.get_window(session, name)
        parties = Parties(session)
        party = parties.find(slug)
        if party is None or not party.state:
            abort(404)
        outcomes, why = _outcomes(session, name, party.number)
    if request.args.get("format") == "csv":
        return as_csv(
            ("method", "party", "before", "after", "change", "currency"),
            (
                (each.method, parties.slug(who), before, after, after - before, window.currency)
                for each in outcomes
                for who, (before, after) in sorted(each.nets.items())
            ),
            f"{name}-default-{slug}",
        )
    page = render_template(
        "desk/window_default.html",
        window=window,
        currency=window.currency or here().currency,
        party=party,
        parties=parties,
        form=form,
        outcomes=outcomes,
        shares={each.method: _shares(each, parties) for each in outcomes},
        why=why,
        methods=[(each.method, _(METHODS[each.method])) for each in outcomes],
        headings={method: _(words) for method, words in METHODS.items()},
        may=me().may(Power.RISK),
        roles=who_may(Power.RISK),
    )
    return page, 422 if form.errors else 200


def _shares(outcome: Outcome, parties: Parties) -> list[tuple[str, str, str]]:
    """Who gives what, in the order in which it is taken; as `desk.sum_of` shows terms."""
    return [
        (
            f"{parties.name(each.party)}, {_(STEPS[each.step])}",
            money(each.amount, here().currency),
            "",
        )
        for each in outcome.shares
    ]


def _outcomes(session: Session, name: str, party: int) -> tuple[list[Outcome], dict[str, str]]:
    """What can be done, and for each way that cannot, why."""
    found, why = [], {}
    for method in get_args(Method):
        try:
            found.append(defaulting.dry_run(session, name, party, method))
        except Refusal as refusal:
            why[method] = in_words(refusal)
    return found, why
