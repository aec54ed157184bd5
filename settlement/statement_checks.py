"""Does a statement add up? Asked before one is numbered and signed: it is never edited after."""

from collections.abc import Iterator

from settlement.fx import convert, residue_of
from settlement.statements import Statement


def check(statement: Statement) -> list[str]:
    """What does not add up, one sentence each; empty when all is well."""
    checks = (_times, _points, _net, _settled, _transfers, _trades, _till_lines)
    return [problem for each in checks for problem in each(statement)]


def _times(statement: Statement) -> Iterator[str]:
    times = [statement.opened_at, statement.closed_at]
    times += [line.at for line in statement.till_lines or ()]
    if any(time.tzinfo is None for time in times):
        yield "a time has no zone"
    elif statement.opened_at > statement.closed_at:
        yield "the window closed before it opened"


def _points(statement: Statement) -> Iterator[str]:
    spent = sum(trade.spent - trade.refunded for trade in statement.spent)
    closing = statement.opening + statement.issued - statement.clawed_back
    closing -= spent + statement.expired
    if closing != statement.closing:
        yield f"outstanding points come to {closing}, not {statement.closing}"


def _net(statement: Statement) -> Iterator[str]:
    net = sum(due.amount for due in statement.owed) - sum(due.amount for due in statement.owes)
    if net != statement.net:
        yield f"obligations come to {net}, not {statement.net}"


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


def _till_lines(statement: Statement) -> Iterator[str]:
    if statement.till_lines is None:
        return
    lines: dict[int, dict[str, int]] = {}
    for line in statement.till_lines:
        sums = lines.setdefault(line.issuer, {"spent": 0, "refunded": 0})
        sums[line.kind] += line.points
    trades = {
        each.party: {"spent": each.spent, "refunded": each.refunded} for each in statement.accepted
    }
    for issuer in sorted({*lines, *trades}):
        if lines.get(issuer) != trades.get(issuer):
            yield f"the journals of the tills differ from the points accepted from {issuer}"
