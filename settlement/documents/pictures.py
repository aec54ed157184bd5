"""Who owes whom, and what is really paid: a heat map and a flow, for one partner or for the hub.

A partner's pictures are drawn from its statement alone, so they show its row and its column.
Amounts are drawn in the direction in which they are owed: a negative one is turned round.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from settlement.documents import tones
from settlement.documents.drawing import Anchor, Band, Box, Drawing, Label, Shape, fit
from settlement.documents.figures import Language, amount, money, percent
from settlement.documents.words import say
from settlement.statements import Due, Statement

WIDTH = 720.0
MOST = 11  # Counterparties in a partner's picture; the smaller ones are drawn as one.
FIGURED = 9  # Parties of a matrix whose cells are wide enough for figures.

_ROW = 26.0
_TOP = 34.0
_HIGH = 220.0  # Of all bands of a flow together.
_NAMES = 180.0
_GAP = 6.0


class Owed(NamedTuple):
    """Money between two parties, in minor units of the hub's currency."""

    debtor: int
    creditor: int
    amount: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Whole:
    """All that a window's pictures need, for the hub: obligations gross, payments net."""

    names: Mapping[int, str]
    currency: str
    obligations: Sequence[Owed]
    payments: Sequence[Owed]


class _Side(NamedTuple):
    name: str
    owed: int  # By the counterparty…
    owes: int  # …and to it.


class _End(NamedTuple):
    name: str
    amount: int
    tone: str = tones.FLOW


# --- one partner's --------------------------------------------------------------------------------


def own_matrix(statement: Statement, language: Language) -> Drawing:
    """A row for each counterparty: what it owes the partner, and what the partner owes it."""
    currency = statement.currency
    sides = _fewer(_sides(statement), language)
    tone = _scale(value for side in sides for value in (side.owed, side.owes))
    wide = (WIDTH - 220) / 2
    shapes: list[Shape] = [
        _head(220 + wide - 8, "they owe", currency, language),
        _head(WIDTH - 8, "you owe them", currency, language),
    ]
    for place, side in enumerate(sides):
        y = _TOP + place * _ROW
        shapes.append(Label(x=0, y=y + 17, text=fit(side.name, 210, 12), size=12))
        for x, value in ((220.0, side.owed), (220 + wide, side.owes)):
            shapes += _cell(x, y, wide, _ROW, value, currency, tone(value), figure=True)
    _, owed, owes = _totals(sides)
    return Drawing(
        width=WIDTH,
        height=_TOP + max(len(sides), 1) * _ROW + 4,
        title=say(
            language,
            "own matrix title",
            count=len(_sides(statement)),
            owed=money(owed, currency),
            owes=money(owes, currency),
        ),
        description=say(language, "own matrix description"),
        shapes=shapes,
    )


def own_flow(statement: Statement, language: Language) -> Drawing:
    """What others owe flows in from the left, what the partner owes flows out: the net is left."""
    currency, net = statement.currency, statement.net
    sides = _fewer(_sides(statement), language)
    _, owed, owes = _totals(sides)
    incoming = [_End(each.name, each.owed) for each in sides if each.owed]
    outgoing = [_End(each.name, each.owes) for each in sides if each.owes]
    if cover := statement.cover:
        (incoming if cover > 0 else outgoing).append(_End(say(language, "cover"), abs(cover)))
    word = "receives" if net > 0 else "pays" if net < 0 else "even"
    if net:
        (outgoing if net > 0 else incoming).append(_End(say(language, word), abs(net), tones.NET))
    scale = _HIGH / max(sum(end.amount for end in incoming), 1)
    left, low = _ends(incoming, currency, scale, left=True)
    right, to_low = _ends(outgoing, currency, scale, left=False)
    middle = WIDTH / 2
    return Drawing(
        width=WIDTH,
        height=max(low, to_low, _TOP + _HIGH) + 4,
        title=say(
            language,
            f"own flow title {word}",
            owed=money(owed, currency),
            owes=money(owes, currency),
            net=money(abs(net), currency),
        ),
        description=say(language, "own flow description"),
        shapes=[
            *left,
            *right,
            Box(x=middle - 8, y=_TOP, width=16, height=_HIGH, tone=tones.ACCENT),
            Label(
                x=middle, y=_TOP - 10, text=fit(statement.name, 260, 12), size=12, anchor="middle"
            ),
        ],
    )


def _ends(
    ends: Sequence[_End], currency: str, scale: float, *, left: bool
) -> tuple[list[Shape], float]:
    """A band for each, from its own place to the middle; and how far down they reach."""
    shapes: list[Shape] = []
    anchor: Anchor = "end" if left else "start"
    edge, middle = (_NAMES, WIDTH / 2 - 8) if left else (WIDTH - _NAMES, WIDTH / 2 + 8)
    outer = inner = _TOP
    for end in ends:
        high = end.amount * scale
        y, to_y = (outer, inner) if left else (inner, outer)
        x, to_x = (edge, middle) if left else (middle, edge)
        shapes.append(Band(x=x, y=y, to_x=to_x, to_y=to_y, height=high, tone=end.tone))
        at, beside = edge - 8 if left else edge + 8, outer + max(high, 26) / 2
        name, figure = fit(end.name, _NAMES - 12, 11), money(end.amount, currency)
        shapes.append(Label(x=at, y=beside - 2, text=name, anchor=anchor))
        shapes.append(Label(x=at, y=beside + 11, text=figure, tone=tones.TEXT_2, anchor=anchor))
        inner += high
        outer += max(high, 26) + _GAP
    return shapes, outer


def _sides(statement: Statement) -> list[_Side]:
    """Counterparties with their money, the largest first."""
    sums: dict[int, list[int]] = {}
    names: dict[int, str] = {}

    def add(dues: Iterable[Due], place: int) -> None:
        for due in dues:
            names[due.party] = due.name
            both = sums.setdefault(due.party, [0, 0])
            both[place if due.amount >= 0 else 1 - place] += abs(due.amount)

    add(statement.owed, 0)
    add(statement.owes, 1)
    found = [_Side(names[party], both[0], both[1]) for party, both in sums.items() if any(both)]
    return sorted(found, key=lambda side: (-side.owed - side.owes, side.name))


def _fewer(sides: Sequence[_Side], language: Language) -> list[_Side]:
    if len(sides) <= MOST + 1:
        return list(sides)
    count, owed, owes = _totals(sides[MOST:])
    return [*sides[:MOST], _Side(say(language, "others", count=count), owed, owes)]


def _totals(sides: Sequence[_Side]) -> tuple[int, int, int]:
    return len(sides), sum(each.owed for each in sides), sum(each.owes for each in sides)


# --- the hub's ------------------------------------------------------------------------------------


def matrix(whole: Whole, language: Language) -> Drawing:
    """Everybody's row and column: debtors down, creditors across, numbered alike."""
    cells = _cells(whole.obligations)
    parties = sorted({party for pair in cells for party in pair})
    place = {party: number for number, party in enumerate(parties)}
    tone = _scale(cells.values())
    figured = len(parties) <= FIGURED
    high = _ROW if len(parties) <= 20 else 16.0
    wide = (WIDTH - _NAMES) / max(len(parties), 1) if figured else 540 / len(parties)
    size = 12 if high == _ROW else 10
    shapes: list[Shape] = []
    for party, number in place.items():
        text = f"{number + 1}  {whole.names[party]}"
        y = _TOP + number * high + high / 2 + size / 3
        shapes.append(Label(x=0, y=y, text=fit(text, _NAMES - 8, size), size=size))
        x = _NAMES + number * wide + wide / 2
        shapes.append(
            Label(
                x=x, y=_TOP - 8, text=str(number + 1), size=size, anchor="middle", tone=tones.TEXT_2
            )
        )
    for debtor, row in place.items():
        for creditor, column in place.items():
            value = cells.get((debtor, creditor), 0)
            x, y = _NAMES + column * wide, _TOP + row * high
            shapes += _cell(x, y, wide, high, value, whole.currency, tone(value), figure=figured)
    return Drawing(
        width=WIDTH,
        height=_TOP + len(parties) * high + 4,
        title=say(
            language,
            "matrix title",
            count=len(cells),
            gross=money(sum(cells.values()), whole.currency),
        ),
        description=say(language, "matrix description"),
        shapes=shapes,
    )


def flow(whole: Whole, language: Language) -> Drawing:
    """Gross on the left, net on the right, on one scale: what netting saves is what is missing."""
    gross, net = _cells(whole.obligations), _cells(whole.payments)
    before, after = sum(gross.values()), sum(net.values())
    scale = _HIGH / max(before, 1)
    shapes: list[Shape] = []
    bottom = _TOP
    for x, word, cells, tone in (
        (0.0, "gross", gross, tones.FLOW),
        (WIDTH / 2 + 12, "after", net, tones.NET),
    ):
        total = money(sum(cells.values()), whole.currency)
        shapes.append(Label(x=x, y=14, text=f"{say(language, word)}  {total}", size=12))
        panel, low = _panel(x, WIDTH / 2 - 12, cells, whole.names, scale, tone)
        shapes += panel
        bottom = max(bottom, low)
    return Drawing(
        width=WIDTH,
        height=bottom + 8,
        title=say(
            language,
            "flow title",
            gross=money(before, whole.currency),
            net=money(after, whole.currency),
            saved=percent(before - after, before),
        ),
        description=say(language, "flow description"),
        shapes=shapes,
    )


def _panel(
    x: float,
    width: float,
    cells: Mapping[tuple[int, int], int],
    names: Mapping[int, str],
    scale: float,
    tone: str,
) -> tuple[list[Shape], float]:
    """Debtors left, creditors right, a band for each pair; and how far down it reaches."""
    left, right = x + 110, x + width - 110
    out, low = _stack(cells, 0, scale)
    into, to_low = _stack(cells, 1, scale)
    shapes: list[Shape] = []
    ends: list[tuple[dict[int, tuple[float, float]], float, Anchor, float]] = [
        (out, left, "end", -6),
        (into, right, "start", 6),
    ]
    for places, edge, anchor, outside in ends:
        for party, (top, high) in places.items():
            shapes.append(Box(x=edge - 2, y=top, width=4, height=max(high, 1), tone=tones.ACCENT))
            shapes.append(
                Label(
                    x=edge + outside,
                    y=top + max(high, 11) / 2 + 4,
                    text=fit(names[party], 100, 10),
                    size=10,
                    anchor=anchor,
                )
            )
    used: dict[tuple[int, int], float] = {}
    for (debtor, creditor), value in sorted(cells.items()):
        high = value * scale
        y = out[debtor][0] + used.get((0, debtor), 0)
        to_y = into[creditor][0] + used.get((1, creditor), 0)
        shapes.append(Band(x=left, y=y, to_x=right, to_y=to_y, height=high, tone=tone))
        used[0, debtor] = used.get((0, debtor), 0) + high
        used[1, creditor] = used.get((1, creditor), 0) + high
    return shapes, max(low, to_low)


def _stack(
    cells: Mapping[tuple[int, int], int], side: int, scale: float
) -> tuple[dict[int, tuple[float, float]], float]:
    """Per party of one side, upper end and height, the largest first; and the lowest end."""
    sums: dict[int, int] = {}
    for pair, value in cells.items():
        sums[pair[side]] = sums.get(pair[side], 0) + value
    places, y = {}, _TOP
    for party, value in sorted(sums.items(), key=lambda item: (-item[1], item[0])):
        places[party] = y, value * scale
        y += max(value * scale, 11) + _GAP
    return places, y


# --- shared ---------------------------------------------------------------------------------------


def _head(x: float, word: str, currency: str, language: Language) -> Label:
    text = f"{say(language, word)} ({currency})"
    return Label(x=x, y=_TOP - 10, text=text, tone=tones.TEXT_2, anchor="end")


def _cells(owed: Iterable[Owed]) -> dict[tuple[int, int], int]:
    """Per pair, what one owes the other, always positive; both may owe."""
    sums: dict[tuple[int, int], int] = {}
    for each in owed:
        pair = each.debtor, each.creditor
        if each.amount < 0:
            pair = each.creditor, each.debtor
        if each.amount:
            sums[pair] = sums.get(pair, 0) + abs(each.amount)
    return sums


def _scale(values: Iterable[int]) -> Callable[[int], int]:
    """Which of the five shades an amount gets: by quantile of those that are not zero."""
    found = sorted({value for value in values if value})
    bounds = [found[len(found) * step // 5] for step in range(1, 5)] if found else []
    return lambda value: sum(value >= bound for bound in bounds)


def _cell(
    x: float,
    y: float,
    width: float,
    height: float,
    value: int,
    currency: str,
    step: int,
    *,
    figure: bool,
) -> list[Shape]:
    ground = tones.HEAT[step] if value else tones.WHITE
    shapes: list[Shape] = [Box(x=x + 1, y=y + 1, width=width - 2, height=height - 2, tone=ground)]
    if figure and value:
        text, size = amount(value, currency), 12.0
        while len(text) * size * 0.6 > width - 10 and size > 6:
            size -= 1
        tone = tones.ON_HEAT[step]
        x, y = x + width - 8, y + height / 2 + 4
        shapes.append(Label(x=x, y=y, text=text, size=size, tone=tone, anchor="end"))
    return shapes
