"""Does a statement add up? Asked before one is numbered and signed: it is never edited after."""

from collections.abc import Iterator

from settlement.fx import convert, residue_of
from settlement.movements import MovementKind
from settlement.statements import Side, Statement, Trade


def check(statement: Statement) -> list[str]:
    """What does not add up, one sentence each; empty when all is well."""
    checks = (_times, _points, _net, _settled, _transfers, _trades, _content)
    return [problem for each in checks for problem in each(statement)]


def _times(statement: Statement) -> Iterator[str]:
    if None in (statement.opened_at.tzinfo, statement.closed_at.tzinfo):
        yield "a time has no zone"
    elif statement.opened_at > statement.closed_at:
        yield "the window closed before it opened"


def _points(statement: Statement) -> Iterator[str]:
    spent = statement.spent_elsewhere - statement.refunded_elsewhere
    spent += statement.spent_here - statement.refunded_here
    closing = statement.opening + statement.issued - statement.clawed_back
    closing -= spent + statement.expired
    if closing != statement.closing:
        yield f"outstanding points come to {closing}, not {statement.closing}"


def _net(statement: Statement) -> Iterator[str]:
    net = sum(due.amount for due in statement.owed) - sum(due.amount for due in statement.owes)
    net += statement.cover
    if net != statement.net:
        yield f"obligations and cover come to {net}, not {statement.net}"


def _settled(statement: Statement) -> Iterator[str]:
    rate, home = statement.rate, statement.currency
    pair = (rate.base, rate.quote) if rate else (home, home)
    if pair != (home, statement.settlement_currency):
        yield "the rate is not between the hub's currency and the partner's"
        return
    settled = convert(statement.net, rate) if rate else statement.net
    residue = residue_of(statement.net, rate) if rate else 0
    if settled != statement.settled:
        yield f"the net converts to {settled}, not {statement.settled}"
    if residue != statement.residue:
        yield f"converting leaves {residue}, not {statement.residue}"


def _transfers(statement: Statement) -> Iterator[str]:
    moved = sum(each.amount for each in statement.collect)
    moved -= sum(each.amount for each in statement.pay)
    if moved != statement.settled:
        yield f"payments come to {moved}, not {statement.settled}"
    if any(each.amount <= 0 for each in statement.pay + statement.collect):
        yield "a payment is not positive"


def _trades(statement: Statement) -> Iterator[str]:
    """Each trade's amount is the obligation between the two; the own till appears alike twice."""
    for trades, dues in ((statement.spent, statement.owes), (statement.accepted, statement.owed)):
        for trade in trades:
            due = sum(
                each.amount for each in dues if (each.party, each.kind) == (trade.party, "spent")
            )
            if due != trade.amount:
                yield f"sales with {trade.party} come to {due}, not {trade.amount}"
    own = [
        {(each.spent, each.refunded) for each in trades if each.party == statement.party}
        for trades in (statement.spent, statement.accepted)
    ]
    if own[0] != own[1]:
        yield "the partner's own tills differ between issuer and acceptor"


def _content(statement: Statement) -> Iterator[str]:
    """The trades are the window's points, less what was held back, with what was brought in."""
    for side, here, trades, spent, refunded in _sides(statement):
        moved: dict[MovementKind, int] = {"spent": spent, "refunded": refunded}
        for sign, carried in ((-1, statement.held_back), (1, statement.brought_in)):
            for each in carried:
                if each.kind in moved and (each.side, each.party == statement.party) == (
                    side,
                    here,
                ):
                    moved[each.kind] += sign * each.points
        there = [trade for trade in trades if (trade.party == statement.party) is here]
        settled = {
            "spent": sum(trade.spent for trade in there),
            "refunded": sum(trade.refunded for trade in there),
        }
        where = "at its own tills" if here else f"with others as {side}"
        for kind, points in moved.items():
            if points != settled[kind]:
                yield f"points {kind} {where} come to {points}, not {settled[kind]}"


def _sides(
    statement: Statement,
) -> Iterator[tuple[Side, bool, tuple[Trade, ...], int, int]]:
    """Side, own tills or not, its trades; then the points of the window, spent and refunded."""
    issued, taken = statement.spent, statement.accepted
    yield "issuer", False, issued, statement.spent_elsewhere, statement.refunded_elsewhere
    yield "issuer", True, issued, statement.spent_here, statement.refunded_here
    yield "acceptor", False, taken, statement.accepted_points, statement.accepted_refunds
