"""Conversion rates: in force and before, proposals with their check for loops; currencies."""

import re
from dataclasses import asdict
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

import exchange.store
import settlement.store
from exchange import conversions, rates
from exchange.errors import RateArbitrage
from exchange.rates import NewRate
from exchange.rules import Ratio, convert
from kit.errors import Refusal
from kit.forms import Form, tell
from kit.ids import to_text
from kit.language import gettext as _
from staff import approvals
from staff.roles import Power, who_may
from web.desk.acting import propose
from web.desk.files import as_csv
from web.desk.listing import Asked
from web.desk.parties import Parties
from web.desk.signed_in import me, signed_in
from web.desk.wiring import here
from web.frame.formats import points as shown

pages = Blueprint("desk_rates", __name__, url_prefix="/desk")

EXAMPLE = 1_000  # of theirs, beside each ratio
MOST = 10**12  # of any number in a rate
LONGEST_UNDO = 366  # days


@pages.get("/rates")
@signed_in()
def all_rates() -> ResponseReturnValue:
    """What partners' own points are worth; whether going round them would gain."""
    asked = Asked(filters=("partner", "direction"))
    now = here().clock()
    with here().database.transaction() as session:
        parties = Parties(session)
        rows = [dict(row) for row in exchange.store.every_rate(session)]
        loop = conversions.loop_at(session, now)
        outside = exchange.store.outside_rates(session)
        fx = settlement.store.list_fx_rates(session)
        waiting = [
            each
            for each in approvals.listed(session, state="waiting", limit=200, now=now)
            if each.kind in ("rate", "outside-rate", "fx-rate")
        ]
    found = [row for row in rows if _fits(row, asked, parties)]
    if asked.csv:
        return as_csv(
            ("rate", "partner", "direction", "theirs", "ours", "fee_ppm", "minimum", "step",
             "daily_cap", "undo_days", "valid_from", "valid_to"),
            (
                (f"rat_{row['id']:06d}", parties.slug(row["party_id"]), row["direction"],
                 row["theirs"], row["ours"], row["fee_ppm"], row["minimum"], row["step"],
                 row["daily_cap"], row["undo_days"], row["valid_from"].isoformat(),
                 row["valid_to"] and row["valid_to"].isoformat())
                for row in found
            ),
            "rates",
        )  # fmt: skip
    return render_template(
        "desk/rates.html",
        asked=asked,
        rows=[row | {"example": _example(row)} for row in found],
        in_force=[row for row in found if _is_in_force(row, now)],
        loop=_chain(loop, parties) if loop else [],
        gain=loop.gain_ppm / 1_000_000 if loop else 0,
        series=_series(found, parties),
        today=now.date(),
        parties=parties,
        partners=[(each.slug, each.name) for each in parties.partners()],
        outside=outside,
        fx=fx,
        proposed=waiting,
        may=me().may(Power.RATES),
        may_fix=me().may(Power.MONEY),
        roles=[str(role) for role in who_may(Power.RATES)],
        now_=now,
    )


@pages.get("/rates/propose")
@signed_in(Power.RATES)
def ask_for_rate() -> ResponseReturnValue:
    """So many of theirs are so many of ours."""
    initial = {"direction": "import", "minimum": "1", "step": "1", "fee": "0", "undo_days": "0"}
    return _form(Form(None, None, partner=request.args.get("partner", ""), **initial))


@pages.post("/rates/propose")
@signed_in(Power.RATES)
def propose_rate() -> ResponseReturnValue:
    """Refuse what would gain by going round; else put it before a second person."""
    form = Form(None, request.form)
    values = _read(form)
    loop: list[str] = []
    with here().database.transaction() as session:
        party = Parties(session).find(form.typed.get("partner", ""))
        zone = ZoneInfo(exchange.store.zone(session))
        if party is None or party.state == "":
            form.refuse("partner", _("Choose one of these"))
        since = _day(form, "valid_from", zone)
        until = _day(form, "valid_to", zone, may_lack=True)
        if since and until and until <= since:
            form.refuse("valid_to", _("It ends before it begins."))
        if not form.typed.get("reason"):
            form.refuse("reason", _("Say why; it is kept with the proposal."))
        if form.ok and party and since:
            new = NewRate(party=party.number, valid_from=since, valid_to=until, **values)
            try:
                rates.check(session, new)
                proposal = propose(session, "rate", asdict(new), form.typed["reason"])
            except RateArbitrage as refusal:
                form.refuse("theirs", _("Going round a loop with this rate would make points."))
                loop = loop_steps(str(refusal.facts["loop"]), Parties(session))
            except Refusal as refusal:
                form.refuse("valid_from", refusal.title)
    if not form.ok:
        return _form(form, loop), 422
    tell("ok", _("Proposed. Someone else must approve it within 48 hours."))
    return redirect(f"/desk/approvals/{to_text('prp', proposal)}", 303)


def _form(form: Form, loop: list[str] | None = None) -> str:
    with here().database.transaction() as session:
        partners = [(each.slug, each.name) for each in Parties(session).partners()]
    return render_template(
        "desk/rate_form.html", form=form, partners=partners, loop=loop or [], example=EXAMPLE
    )


def _fits(row: dict[str, Any], asked: Asked, parties: Parties) -> bool:
    slug, direction = asked.filters["partner"], asked.filters["direction"]
    return (not slug or parties.slug(row["party_id"]) == slug) and (
        not direction or row["direction"] == direction
    )


def _is_in_force(row: dict[str, Any], now: datetime) -> bool:
    return bool(row["valid_from"] <= now and (row["valid_to"] is None or now < row["valid_to"]))


def _example(row: dict[str, Any]) -> str:
    """What a thousand become; at least what one exchange takes."""
    ratio = Ratio(theirs=row["theirs"], ours=row["ours"], fee_ppm=row["fee_ppm"])
    amount = max(EXAMPLE, row["minimum"])
    if row["direction"] == "import":
        got, _fee = convert(amount, ratio)
        return _(
            "%(theirs)s of theirs become %(ours)s points", theirs=shown(amount), ours=shown(got)
        )
    theirs = amount * row["theirs"] * (1_000_000 - row["fee_ppm"]) // (row["ours"] * 1_000_000)
    return _(
        "%(ours)s points become %(theirs)s of theirs", ours=shown(amount), theirs=shown(theirs)
    )


def _series(rows: list[dict[str, Any]], parties: Parties) -> list[tuple[str, list[Any]]]:
    """Per partner and direction, since when a thousand of theirs were how many points."""
    series: dict[str, list[Any]] = {}
    for row in sorted(rows, key=lambda row: row["valid_from"]):
        name = f"{parties.name(row['party_id'])}, {direction_word(row['direction'])}"
        worth = row["ours"] * EXAMPLE // row["theirs"]
        written = f"{row['theirs']} : {row['ours']}"
        series.setdefault(name, []).append((row["valid_from"].date(), worth, written))
    return sorted(series.items())


@pages.app_template_global()
def direction_word(direction: str) -> str:
    """Which way points are converted."""
    return _("import") if direction == "import" else _("export")


def _chain(loop: Any, parties: Parties) -> list[str]:
    """Each step of a loop in words."""
    return [_step(str(each), parties) for each in loop.steps]


def loop_steps(loop: str, parties: Parties) -> list[str]:
    """Each step in words of a loop that a refusal names; what it gains, behind a colon, is left."""
    return [_step(each, parties) for each in re.sub(r": [^:]*$", "", loop).split("; ")]


def _step(text: str, parties: Parties) -> str:
    """`2 × (1 points → 5 of party 7) by the new rate`, in the reader's language, with names."""
    found = re.fullmatch(
        r"(\d+) × \((\d+) (.+) → (\d+) (.+)\) by (.+?)(?:, at most (\d+) a day)?", text
    )
    if found is None:
        raise ValueError(f"not a step of a loop: {text}")
    times, gives, source, gets, target, way, most = found.groups()
    worded = _(
        "%(times)s × (%(gives)s %(source)s → %(gets)s %(target)s), by %(way)s",
        times=shown(int(times)),
        gives=shown(int(gives)),
        source=_value(source, parties),
        gets=shown(int(gets)),
        target=_value(target, parties),
        way=_("the new rate") if way == "the new rate" else way,
    )
    return worded + (_(", at most %(points)s a day", points=shown(int(most))) if most else "")


def _value(kind: str, parties: Parties) -> str:
    """What is converted: shared points, those of a partner, or a currency."""
    if found := re.fullmatch(r"of party (\d+)", kind):
        return _("of %(name)s", name=parties.name(int(found[1])))
    return _("points") if kind == "points" else kind


def _read(form: Form) -> dict[str, Any]:
    """The whole numbers of the form; what is wrong is said beside its field."""
    values: dict[str, Any] = {"direction": form.typed.get("direction", "")}
    if values["direction"] not in ("import", "export"):
        form.refuse("direction", _("Choose one of these"))
    for name, least in (("theirs", 1), ("ours", 1), ("minimum", 1), ("step", 1), ("undo_days", 0)):
        typed = form.typed.get(name, "").replace(",", "")
        most = LONGEST_UNDO if name == "undo_days" else MOST
        if not re.fullmatch(r"\d{1,13}", typed) or not least <= int(typed) <= most:
            form.refuse(name, _("Enter a whole number"))
        else:
            values[name] = int(typed)
    cap = form.typed.get("daily_cap", "").replace(",", "")
    if cap and not (re.fullmatch(r"\d{1,13}", cap) and 1 <= int(cap) <= MOST):
        form.refuse("daily_cap", _("Enter a whole number"))
    else:
        values["daily_cap"] = int(cap) if cap else None
    typed = form.typed.get("fee", "") or "0"
    fee = Decimal(typed) * 10_000 if re.fullmatch(r"\d{1,3}(\.\d{1,4}0*)?", typed) else Decimal(-1)
    if not 0 <= fee < 1_000_000:
        form.refuse("fee", _("Enter a share from 0 to 100, with up to four decimals."))
    else:
        values["fee_ppm"] = int(fee)
    return values


def _day(form: Form, name: str, zone: ZoneInfo, *, may_lack: bool = False) -> datetime | None:
    typed = form.typed.get(name, "")
    if not typed and may_lack:
        return None
    try:
        return datetime.combine(date.fromisoformat(typed), time(), zone).astimezone(UTC)
    except (ValueError, OverflowError):
        form.refuse(name, _("Enter a day such as 2026-12-01."))
        return None
