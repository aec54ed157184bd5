"""A statement on paper: what is to be paid, how it came about, and how to check it."""

from collections.abc import Iterable, Sequence

from settlement.documents import fonts, pictures, tones, words
from settlement.documents.figures import (
    Language,
    amount,
    day,
    fingerprint,
    moment,
    money,
    offset,
    period,
    points,
)
from settlement.documents.paper import MARGIN, WIDTH, Column, Paper
from settlement.documents.words import say
from settlement.statements import Carried, Due, Statement, Trade

_HALF = (WIDTH - 8) / 2


def as_pdf(statement: Statement, language: Language) -> bytes:
    """A4, with text that can be searched; equal statements give equal bytes."""
    return _Page(statement, language).bytes()


def characters(statement: Statement) -> set[str]:
    """What its pages are written with, for a font that is cut for a batch of them."""
    names = [statement.name, statement.hub, statement.number, statement.window, statement.zone]
    names += [statement.currency, statement.settlement_currency, statement.replaces or ""]
    names += [each.name for each in statement.held_back + statement.brought_in]
    names += [each.name for each in statement.spent + statement.accepted]
    names += [each.name for each in statement.owes + statement.owed]
    names += [each.name for each in statement.pay + statement.collect]
    if bank := statement.bank:
        names += [bank.name, bank.account, bank.bank, bank.bank_code]
    return _always() | set(fonts.legible("".join(names)))


def _always() -> set[str]:
    ascii_ = {chr(code) for code in range(32, 127)}
    return (
        ascii_
        | words.characters()
        | set(f"年月日至¥…\N{MINUS SIGN}\N{NO-BREAK SPACE}{fonts.MISSING}")
    )


class _Page:
    def __init__(self, statement: Statement, language: Language) -> None:
        self.of, self.language = statement, language
        self.paper = Paper(
            fonts.cut_for(characters(statement)),
            (
                f"{self.say('copy')}  {self._zone()}",
                self.say("page", page="{page}", pages="{nb}"),
            ),
            f"{statement.hub}  {self.say('statement')}  {statement.number}  {statement.name}",
        )

    def bytes(self) -> bytes:
        of, paper = self.of, self.paper
        paper.describe(
            f"{self.say('statement')} {of.number}",
            of.hub,
            f"{of.name}, {of.window}",
            self.language,
            of.head.at if of.head else of.closed_at,
        )
        paper.add_page()
        self._head()
        self._amount()
        self._points_and_money()
        self._trades("issuer trades", of.spent)
        self._trades("acceptor trades", of.accepted)
        self._dues("owed", of.owed)
        self._dues("owes", of.owes)
        self._payments()
        self._carried("held_back", of.held_back)
        self._carried("brought_in", of.brought_in)
        self._pictures()
        self._seal()
        return bytes(paper.output())

    def say(self, word: str, **facts: object) -> str:
        return say(self.language, word, **facts)

    def _zone(self) -> str:
        of = self.of
        name = words.zone_name(self.language, of.zone)
        return self.say("zone", zone=name, offset=offset(of.closed_at, of.zone))

    # --- the first look ---------------------------------------------------------------------------

    def _head(self) -> None:
        of, paper = self.of, self.paper
        paper.write_at(MARGIN, 24, of.hub, size=12, tone=tones.ACCENT, strong=True, width=100)
        right = MARGIN + WIDTH
        title = self.say("statement")
        paper.write_at(right, 24, title, size=12, tone=tones.TEXT_2, anchor="end")
        paper.rule(28)
        paper.y = 39
        paper.name(of.name)
        state = self.say("first issue")
        if of.replaces is not None:
            state = self.say("revision", revision=of.revision, replaces=of.replaces)
        facts = [
            ("number", of.number),
            ("window", of.window),
            ("period", period(of.opened_at, of.closed_at, of.zone, self.language)),
            ("state", state),
        ]
        paper.y -= 4
        for word, fact in facts:
            paper.y += 5.4
            paper.write_at(MARGIN, paper.y, self.say(word), size=9, tone=tones.TEXT_2)
            paper.write_at(MARGIN + 24, paper.y, fact, size=9, width=WIDTH - 24)
        paper.y += 5

    def _amount(self) -> None:
        of, paper = self.of, self.paper
        top, high = paper.y, 26 if of.direction == "even" else 38
        paper.block(MARGIN, top, WIDTH, high, tones.ACCENT_TINT)
        inner = MARGIN + 6
        paper.write_at(inner, top + 8, self.say(of.direction), size=10, tone=tones.TEXT_2)
        figure = money(abs(of.settled), of.settlement_currency)
        size = 27 if len(figure) <= 17 else 20
        paper.write_at(inner, top + 20.5, figure, size=size, tone=tones.ACCENT, strong=True)
        if of.direction != "even":
            due = f"{self.say('due on')}  {day(of.due_on, self.language)}"
            paper.write_at(inner, top + 31, due, size=10, strong=True)
            self._bank(MARGIN + WIDTH / 2 + 6, top)
        paper.y = top + high

    def _bank(self, x: float, top: float) -> None:
        of, paper = self.of, self.paper
        word = "bank of partner" if of.direction == "receives" else "bank of hub"
        paper.write_at(x, top + 8, self.say(word), size=10, tone=tones.TEXT_2)
        if of.bank is None:
            text = self.say("no bank")
            paper.write_at(x, top + 15, text, size=9, width=WIDTH / 2 - 12)
            return
        facts = [
            ("account name", of.bank.name),
            ("account", of.bank.account),
            ("bank", of.bank.bank),
            ("bank code", of.bank.bank_code),
            ("remittance", of.number),
        ]
        for place, (word, fact) in enumerate(facts):
            y = top + 14 + place * 4.8
            paper.write_at(x, y, self.say(word), size=8.5, tone=tones.TEXT_2)
            paper.write_at(x + 24, y, fact, size=8.5, width=WIDTH / 2 - 34)

    # --- points and money, side by side -----------------------------------------------------------

    def _points_and_money(self) -> None:
        paper, right = self.paper, MARGIN + _HALF + 8
        paper.need(90)
        top = paper.y + 9
        self._side("points moved", MARGIN, top)
        low = self._points(top + 3)
        self._side("money", right, top)
        paper.y = top + 3
        self._money(right)
        paper.y = max(low, paper.y)

    def _side(self, word: str, x: float, y: float) -> None:
        self.paper.write_at(x, y, self.say(word), size=11.5, tone=tones.ACCENT, strong=True)

    def _points(self, top: float) -> float:
        of, paper = self.of, self.paper
        columns = [
            Column(head="", width=_HALF - 34),
            Column(head=self.say("points"), width=34, figures=True),
        ]
        rows = [
            ("opening", of.opening),
            ("issued", of.issued),
            ("clawed_back", -of.clawed_back),
            ("spent_elsewhere", -of.spent_elsewhere),
            ("refunded_elsewhere", of.refunded_elsewhere),
            ("spent_here", -of.spent_here),
            ("refunded_here", of.refunded_here),
            ("expired", -of.expired),
        ]
        paper.y = top
        paper.grid(
            columns,
            [(self.say(word), points(number)) for word, number in rows],
            total=(self.say("closing"), points(of.closing)),
        )
        adjusted = [("adjusted", of.adjusted)] if of.adjusted else []
        tills = [
            ("accepted_points", of.accepted_points),
            ("accepted_refunds", -of.accepted_refunds),
        ]
        columns[0] = Column(head=self.say("tills"), width=_HALF - 34)
        paper.y += 2
        paper.grid(
            columns,
            [(self.say(word), points(number)) for word, number in adjusted + tills],
            total=(self.say("accepted net"), points(of.accepted_points - of.accepted_refunds)),
        )
        return paper.y

    def _money(self, x: float) -> None:
        of = self.of
        columns = [
            Column(head="", width=_HALF - 40),
            Column(head=f"{self.say('amount')}, {of.currency}", width=40, figures=True),
        ]
        rows = [
            (self.say(word, kind=self.say(kind)), amount(sign * total, of.currency))
            for word, sign, dues in (("owed to you", 1, of.owed), ("you owe", -1, of.owes))
            for kind, total in _by_kind(dues)
        ]
        if of.cover:
            rows.append((self.say("cover"), amount(of.cover, of.currency)))
        net = amount(of.net, of.currency)
        self.paper.grid(columns, rows, total=(self.say("net"), net), x=x)
        if of.rate is not None:
            self._abroad(x, columns[0].width)

    def _abroad(self, x: float, width: float) -> None:
        of, rate = self.of, self.of.rate
        if rate is None:
            return
        columns = [
            Column(head=self.say("rate"), width=width),
            Column(head="", width=_HALF - width, figures=True),
        ]
        says = self.say(
            "rate says",
            base=rate.base,
            quote=rate.quote,
            numerator=rate.numerator,
            denominator=rate.denominator,
        )
        self.paper.y += 2
        self.paper.grid(
            columns,
            [(says, ""), (self.say("residue"), amount(-of.residue, of.currency))],
            total=(self.say("settled"), money(of.settled, of.settlement_currency)),
            x=x,
        )

    # --- tables -----------------------------------------------------------------------------------

    def _trades(self, word: str, trades: Sequence[Trade]) -> None:
        of, paper = self.of, self.paper
        if not trades:
            return
        paper.heading(self.say(word))
        paper.grid(
            [
                Column(head=self.say("counterparty"), width=WIDTH - 4 * 29),
                Column(head=self.say("spent points"), width=29, figures=True),
                Column(head=self.say("refunded points"), width=29, figures=True),
                Column(head=self.say("net points"), width=29, figures=True),
                Column(head=f"{self.say('amount')}, {of.currency}", width=29, figures=True),
            ],
            [
                (
                    self._named(each.party, each.name),
                    points(each.spent),
                    points(-each.refunded),
                    points(each.spent - each.refunded),
                    amount(each.amount, of.currency),
                )
                for each in trades
            ],
            total=(
                self.say("total"),
                points(sum(each.spent for each in trades)),
                points(-sum(each.refunded for each in trades)),
                points(sum(each.spent - each.refunded for each in trades)),
                amount(sum(each.amount for each in trades), of.currency),
            ),
        )

    def _dues(self, word: str, dues: Sequence[Due]) -> None:
        of, paper = self.of, self.paper
        if not dues:
            return
        paper.heading(self.say(word))
        paper.grid(
            [
                Column(head=self.say("counterparty"), width=WIDTH - 104),
                Column(head=self.say("kind"), width=34),
                Column(head=self.say("points"), width=32, figures=True),
                Column(head=f"{self.say('amount')}, {of.currency}", width=38, figures=True),
            ],
            [
                (
                    each.name,
                    self.say(each.kind),
                    points(each.points),
                    amount(each.amount, of.currency),
                )
                for each in dues
            ],
            total=(
                self.say("total"),
                "",
                "",
                amount(sum(each.amount for each in dues), of.currency),
            ),
        )

    def _payments(self) -> None:
        of, paper = self.of, self.paper
        paper.heading(self.say("payments"))
        rows = [
            (self.say(word), each.name, day(of.due_on, self.language), amount(each.amount, away))
            for away in [of.settlement_currency]
            for word, transfers in (("pay", of.pay), ("collect", of.collect))
            for each in transfers
        ]
        if not rows:
            paper.paragraph(self.say("even"))
            return
        paper.grid(
            [
                Column(head=self.say("direction"), width=30),
                Column(head=self.say("counterparty"), width=WIDTH - 108),
                Column(head=self.say("due on"), width=38),
                Column(
                    head=f"{self.say('amount')}, {of.settlement_currency}", width=40, figures=True
                ),
            ],
            rows,
        )

    def _carried(self, word: str, carried: Sequence[Carried]) -> None:
        paper = self.paper
        if not carried:
            return
        paper.heading(self.say(word), room=34)
        paper.paragraph(self.say(f"{word} why"))
        paper.y += 2
        paper.grid(
            [
                Column(head=self.say("counterparty"), width=WIDTH - 110),
                Column(head=self.say("side"), width=36),
                Column(head=self.say("kind"), width=38),
                Column(head=self.say("points"), width=36, figures=True),
            ],
            [
                (
                    self._named(each.party, each.name),
                    self.say(each.side),
                    self.say(each.kind),
                    points(each.points),
                )
                for each in carried
            ],
        )

    def _named(self, party: int, name: str) -> str:
        return self.say("own till", name=name) if party == self.of.party else name

    # --- pictures, seal ---------------------------------------------------------------------------

    def _pictures(self) -> None:
        if not (self.of.owes or self.of.owed):
            return
        flow = pictures.own_flow(self.of, self.language)
        self.paper.heading(self.say("pictures"), room=self.paper.height_of(flow) + 12)
        self.paper.draw(flow)
        self.paper.draw(pictures.own_matrix(self.of, self.language))

    def _seal(self) -> None:
        of, paper = self.of, self.paper
        paper.heading(self.say("verify"), room=52)
        for line in ("verify 1", "verify 2", "verify 3"):
            paper.paragraph(self.say(line, number=of.number), tone=tones.TEXT)
        paper.y += 3
        if of.head is None:
            paper.paragraph(self.say("not sealed"))
            return
        facts = [
            ("tree head", fingerprint(of.head.root)),
            ("tree size", points(of.head.size)),
            ("sealed at", moment(of.head.at, of.zone, self.language)),
            ("key", of.head.key_id),
        ]
        for word, fact in facts:
            paper.y += 4.8
            paper.write_at(MARGIN, paper.y, self.say(word), size=8.5, tone=tones.TEXT_2)
            paper.write_at(MARGIN + 30, paper.y, fact, size=8.5)


def _by_kind(dues: Iterable[Due]) -> list[tuple[str, int]]:
    sums: dict[str, int] = {}
    for due in dues:
        sums[due.kind] = sums.get(due.kind, 0) + due.amount
    return list(sums.items())
