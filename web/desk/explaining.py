"""Why somebody pays or receives: a net as a sum, its journals, and who signed for each."""

import json
import re
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.orm import Session

from kit.clock import rfc3339
from kit.forms import tell
from kit.ids import from_text, to_text
from kit.language import gettext as _
from kit.language import mark
from settlement import store
from settlement.errors import WindowNotClosed
from settlement.explaining import journals
from settlement.explaining.errors import EvidenceNotKept, NothingToExplain
from settlement.explaining.evidence import Evidence, evidence
from settlement.explaining.explaining import explained, lines_behind
from settlement.explaining.reasons import Reason
from settlement.reckoning import HUB
from settlement.sealing import journal_proofs
from web.desk.files import as_csv, as_file
from web.desk.listing import Asked, cursor
from web.desk.parties import Parties, Party
from web.desk.signed_in import signed_in
from web.desk.wiring import here
from web.frame.formats import points as shown

pages = Blueprint("desk_explaining", __name__, url_prefix="/desk")

KINDS = {
    "spent": mark("points spent"),
    "prefunded": mark("points issued and prepaid"),
    "fee": mark("hub fee"),
    "spread": mark("difference of prices"),
    "breakage": mark("expired points"),
}
MOVEMENTS = {
    "issued": mark("issued"),
    "clawed_back": mark("taken back"),
    "spent": mark("spent"),
    "refunded": mark("refunded"),
    "expired": mark("expired"),
}


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a net: what for, with whom, how much, and what it is made of."""

    words: str
    other: str
    slug: str
    kind: str
    owes: bool
    points: int
    amount: int  # positive when the partner receives
    causes: list[dict[str, Any]]


ACCOUNTS = {
    "wallet": mark("a wallet"),
    "issuing": mark("issuing account"),
    "accepting": mark("accepting account"),
    "breakage": mark("breakage account"),
    "receivable": mark("receivable account"),
}


@pages.app_template_global()
def movement_word(kind: str) -> str:
    """What a movement of points is called."""
    return _(MOVEMENTS.get(kind, kind))


@pages.app_template_global()
def journal_id(id_: UUID) -> str:
    """`jrn_…`"""
    return to_text("jrn", id_)


@pages.get("/windows/<name>/<slug>")
@signed_in()
def explain(name: str, slug: str) -> ResponseReturnValue:
    """A partner's net figure as a sum; with `?with=`, what is between it and one other."""
    other = request.args.get("with", "")
    with here().database.transaction() as session:
        parties = Parties(session)
        party = _party(parties, slug)
        try:
            window, found = explained(session, name, party.number)
        except NothingToExplain:
            return render_template("desk/explain_none.html", name=name, party=party)
        except WindowNotClosed:
            return redirect(f"/desk/windows/{name}", 303)
        held_back = _held_back(session, window.id, party.number)
        statement = store.statement_of_window(session, party.number, window.id)
    terms = [_term(each, party, parties) for each in found.reasons]
    if other:
        terms = [each for each in terms if each.slug == other]
    return render_template(
        "desk/explain.html",
        window=window,
        party=party,
        parties=parties,
        found=found,
        other=parties.find(other) if other else None,
        owed=[each for each in terms if each.amount >= 0],
        owes=[each for each in terms if each.amount < 0],
        held_back=held_back,
        statement=statement,
    )


@pages.get("/windows/<name>/<slug>/lines")
@signed_in()
def lines(name: str, slug: str) -> ResponseReturnValue:
    """The journals behind a part of a net, in their order."""
    asked = Asked(filters=("kind", "with", "side"))
    kind = asked.filters["kind"]
    after = from_text("jrn", str(asked.after[0])) if asked.after else None
    with here().database.transaction() as session:
        parties = Parties(session)
        party, other = _party(parties, slug), parties.find(asked.filters["with"])
        window = store.get_window(session, name)
        found, following = lines_behind(
            session,
            name,
            party.number,
            kind=kind if kind in KINDS else None,  # type: ignore[arg-type]
            owes={"owes": True, "owed": False}.get(asked.filters["side"]),
            counterparty=other.number if other else None,
            after=after,
            limit=asked.size,
            to_hub=True,
        )
    if asked.csv:
        return as_csv(
            ("journal", "at", "movement", "reference", "issuer", "acceptor", "points", "held_back"),
            (
                (
                    to_text("jrn", each.journal),
                    rfc3339(each.at),
                    each.kind,
                    each.reference,
                    parties.slug(each.issuer),
                    None if each.acceptor is None else parties.slug(each.acceptor),
                    each.points,
                    "yes" if each.left_out else "no",
                )
                for each in found
            ),
            f"{name}-{slug}-lines",
        )
    return render_template(
        "desk/explain_lines.html",
        asked=asked,
        window=window,
        party=party,
        other=other,
        parties=parties,
        lines=found,
        older=asked.url(after=cursor(to_text("jrn", following))) if following else "",
        words=_(KINDS[kind]) if kind in KINDS else "",
    )


@pages.get("/journals/<name>")
@signed_in()
def journal(name: str) -> ResponseReturnValue:
    """One journal: what it moved, who signed for it, and its place in the sealed log."""
    id_ = _journal(name)
    with here().database.transaction() as session:
        row = journals.journal(session, id_)
        if row is None:
            abort(404)
        parties = Parties(session)
        postings = journals.postings(session, id_)
        behind = _evidence(session, id_)
        standing = journal_proofs.standing(session, id_, here().signer, here().settings.public_keys)
    return render_template(
        "desk/journal.html",
        row=row,
        heading=_heading(row["kind"], parties.name(row["party_id"] or HUB), row["points"]),
        name=name,
        parties=parties,
        postings=[
            {
                **each,
                "from": _account(each["debit_kind"], each["debit_party"], parties),
                "to": _account(each["credit_kind"], each["credit_party"], parties),
            }
            for each in postings
        ],
        behind=behind,
        body=_without_codes(behind.request.body) if behind and behind.request else "",
        standing=standing,
    )


@pages.post("/journals/<name>/verify")
@signed_in()
def verify(name: str) -> ResponseReturnValue:
    """Compute the signature and the proof again; open to everybody, for nothing is changed."""
    id_ = _journal(name)
    with here().database.transaction() as session:
        behind = _evidence(session, id_)
        standing = journal_proofs.standing(session, id_, here().signer, here().settings.public_keys)
    signed = behind is None or behind.request is None or behind.request.verified
    if signed and standing.holds:
        tell("ok", _("Verified just now"), _("The signature and the place in the log hold."))
    elif signed and standing.head is None:
        tell("warn", _("Not sealed yet"), _("It is sealed within seconds of being posted."))
    else:
        tell("bad", _("It does not hold"), _("Stop, and tell who runs this hub."))
    return redirect(f"/desk/journals/{name}", 303)


@pages.get("/journals/<name>/proof")
@signed_in()
def proof(name: str) -> ResponseReturnValue:
    """The proof that the journal is in the log, whole, to be checked offline."""
    id_ = _journal(name)
    with here().database.transaction() as session:
        document = journal_proofs.prove(session, id_, here().signer.secret)
    return as_file(
        json.dumps(document, indent=1, ensure_ascii=False).encode(),
        f"{name}-proof.json",
        "application/json",
    )


def _party(parties: Parties, slug: str) -> Party:
    found = parties.find(slug)
    if found is None:
        abort(404)
    return found


def _journal(name: str) -> UUID:
    found = from_text("jrn", name)
    if found is None:
        abort(404)
    return found


def _term(reason: Reason, party: Party, parties: Parties) -> Term:
    owes = reason.debtor == party.number
    other = parties[reason.creditor if owes else reason.debtor]
    return Term(
        words=_(KINDS.get(reason.kind, reason.kind)),
        other=other.name,
        slug=other.slug,
        kind=reason.kind,
        owes=owes,
        points=reason.points,
        amount=-reason.amount if owes else reason.amount,
        causes=[asdict(cause) for cause in reason.causes],
    )


def _held_back(session: Session, window: int, party: int) -> int:
    """How many disputed lines of the window are not in its net that this party has a part in."""
    return int(
        session.execute(
            text(
                "SELECT count(*) FROM settlement.deferral d WHERE d.window_id = :window"
                " AND d.kind = 'line' AND d.released_at IS NULL AND :party IN (d.issuer_id,"
                " (SELECT party_id FROM exchange.journal j WHERE j.id = d.journal_id))"
            ),
            {"window": window, "party": party},
        ).scalar_one()
    )


def _evidence(session: Session, journal_: UUID) -> Evidence | None:
    """None for what was posted before requests were kept, and by the hub's own clock."""
    try:
        return evidence(session, journal_)
    except EvidenceNotKept:
        return None


def _heading(kind: str, who: str, points: int) -> str:
    """What the journal did, in a sentence."""
    words = {
        "accrual": _("%(who)s issued %(n)s points", who=who, n=shown(points)),
        "import": _("%(who)s brought in %(n)s points", who=who, n=shown(points)),
        "redemption": _("%(n)s points were spent at %(who)s", who=who, n=shown(points)),
        "capture": _("%(n)s points held by %(who)s were spent", who=who, n=shown(points)),
        "refund": _("%(who)s gave %(n)s points back", who=who, n=shown(points)),
        "clawback": _("%(who)s took %(n)s points back", who=who, n=shown(points)),
        "expiry": _("%(n)s points expired", n=shown(points)),
        "transfer": _("%(n)s points went from wallet to wallet", n=shown(points)),
        "adjustment": _("%(n)s points were put right by hand", n=shown(points)),
    }
    return words[kind]


def _account(kind: str, party: int | None, parties: Parties) -> str:
    """Whose account, and of which kind; of a wallet nothing more is said."""
    word = _(ACCOUNTS[kind])
    return word if party is None else f"{parties.name(party)}, {word}"


def _without_codes(body: str) -> str:
    """A payment code is dead once used, but it is a member's: nobody here needs its digits."""
    return re.sub(r'("payment_code"\s*:\s*")[0-9]+', r"\1…", body)
