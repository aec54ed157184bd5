"""A statement as a workbook: the same figures as numbers, ready to be summed and sorted.

Text is written as text, whatever it begins with: no name becomes a formula or a link.
"""

import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from settlement.documents import tones, words
from settlement.documents.figures import MINUS, Language, offset
from settlement.documents.words import say
from settlement.fx import exponent
from settlement.statements import Due, Statement, Trade

_Cell = str | int | Decimal | datetime
_Row = Sequence[_Cell]

_POINTS = f"#,##0;{MINUS}#,##0"
_NEVER = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def as_xlsx(statement: Statement, language: Language) -> bytes:
    """Six sheets, each ready to print; equal statements give equal bytes."""
    return _Book(statement, language).bytes()


class _Book:
    def __init__(self, statement: Statement, language: Language) -> None:
        self.of, self.language = statement, language
        self.file = io.BytesIO()
        self.book = Workbook(self.file, {"in_memory": True, **_NEVER})
        self.formats: dict[str, Format] = {}
        self.home = _digits(statement.currency)
        self.away = _digits(statement.settlement_currency)

    def bytes(self) -> bytes:
        of = self.of
        self.book.set_properties(
            {
                "title": f"{self.say('statement')} {of.number}",
                "author": of.hub,
                "subject": f"{of.name}, {of.window}",
                "created": (of.head.at if of.head else of.closed_at).replace(tzinfo=None),
            }
        )
        self._summary()
        self._points()
        self._trades()
        self._obligations()
        self._payments()
        self._carried()
        self.book.close()
        return self.file.getvalue()

    def say(self, word: str, **facts: object) -> str:
        return say(self.language, word, **facts)

    # --- sheets -----------------------------------------------------------------------------------

    def _summary(self) -> None:
        of = self.of
        zone = words.zone_name(self.language, of.zone)
        state = self.say("first issue")
        if of.replaces is not None:
            state = self.say("revision", revision=of.revision, replaces=of.replaces)
        rows: list[_Row] = [
            (self.say("number"), of.number),
            (self.say("state"), state),
            (self.say("partner"), of.name),
            (self.say("window"), of.window),
            (self.say("opened at"), self._here(of.opened_at)),
            (self.say("closed at"), self._here(of.closed_at)),
            (self.say("zone", zone=zone, offset=offset(of.closed_at, of.zone)), ""),
            (f"{self.say('net')}, {of.currency}", self._money(of.net)),
        ]
        if of.cover:
            rows.append((f"{self.say('cover')}, {of.currency}", self._money(of.cover)))
        if of.rate is not None:
            says = self.say(
                "rate says",
                base=of.rate.base,
                quote=of.rate.quote,
                numerator=of.rate.numerator,
                denominator=of.rate.denominator,
            )
            rows.append((self.say("rate"), says))
            rows.append((f"{self.say('residue')}, {of.currency}", self._money(-of.residue)))
        settled = f"{self.say('settled')}, {of.settlement_currency}"
        rows += [
            (settled, _decimal(of.settled, of.settlement_currency)),
            (self.say("direction"), self.say(of.direction)),
            (self.say("due on"), datetime(of.due_on.year, of.due_on.month, of.due_on.day)),  # noqa: DTZ001 - a day
        ]
        if of.bank is not None:
            rows += [
                (self.say("account name"), of.bank.name),
                (self.say("account"), of.bank.account),
                (self.say("bank"), of.bank.bank),
                (self.say("bank code"), of.bank.bank_code),
            ]
        if of.head is not None:
            rows += [
                (self.say("tree head"), of.head.root),
                (self.say("tree size"), of.head.size),
                (self.say("sealed at"), self._here(of.head.at)),
                (self.say("key"), of.head.key_id),
            ]
        for line in ("verify 1", "verify 2", "verify 3"):
            rows.append((self.say("verify"), self.say(line, number=of.number)))
        heads = [self.say("item"), self.say("value")]
        self._sheet("sheet summary", heads, [34, 70], rows, landscape=False)

    def _points(self) -> None:
        of = self.of
        moved = [
            ("points moved", "opening", of.opening),
            ("points moved", "issued", of.issued),
            ("points moved", "clawed_back", -of.clawed_back),
            ("points moved", "spent_elsewhere", -of.spent_elsewhere),
            ("points moved", "refunded_elsewhere", of.refunded_elsewhere),
            ("points moved", "spent_here", -of.spent_here),
            ("points moved", "refunded_here", of.refunded_here),
            ("points moved", "expired", -of.expired),
            ("points moved", "closing", of.closing),
            ("points moved", "adjusted", of.adjusted),
            ("tills", "accepted_points", of.accepted_points),
            ("tills", "accepted_refunds", -of.accepted_refunds),
        ]
        rows = [(self.say(section), self.say(word), number) for section, word, number in moved]
        heads = [self.say("section"), self.say("item"), self.say("points")]
        self._sheet("sheet points", heads, [34, 34, 18], rows, landscape=False)

    def _trades(self) -> None:
        def rows(word: str, trades: Iterable[Trade]) -> list[_Row]:
            return [
                (
                    self.say(word),
                    each.name,
                    each.spent,
                    -each.refunded,
                    each.spent - each.refunded,
                    self._money(each.amount),
                )
                for each in trades
            ]

        heads = [self.say("section"), self.say("counterparty"), self.say("spent points")]
        heads += [self.say("refunded points"), self.say("net points")]
        heads.append(f"{self.say('amount')}, {self.of.currency}")
        both = rows("issuer trades", self.of.spent) + rows("acceptor trades", self.of.accepted)
        self._sheet("sheet trades", heads, [38, 34, 16, 16, 16, 20], both)

    def _obligations(self) -> None:
        def rows(word: str, sign: int, dues: Iterable[Due]) -> list[_Row]:
            return [
                (
                    self.say(word),
                    each.name,
                    self.say(each.kind),
                    each.points,
                    self._money(sign * each.amount),
                )
                for each in dues
            ]

        heads = [self.say("section"), self.say("counterparty"), self.say("kind")]
        heads += [self.say("points"), f"{self.say('amount')}, {self.of.currency}"]
        both = rows("owed", 1, self.of.owed) + rows("owes", -1, self.of.owes)
        self._sheet("sheet obligations", heads, [24, 34, 18, 18, 20], both)

    def _payments(self) -> None:
        of, currency = self.of, self.of.settlement_currency
        heads = [self.say("direction"), self.say("counterparty")]
        heads += [f"{self.say('amount')}, {currency}"]
        rows: list[_Row] = [
            (self.say(word), each.name, _decimal(sign * each.amount, currency))
            for word, sign, transfers in (("pay", -1, of.pay), ("collect", 1, of.collect))
            for each in transfers
        ]
        self._sheet("sheet payments", heads, [24, 34, 20], rows, away=True)

    def _carried(self) -> None:
        heads = [self.say("section"), self.say("counterparty"), self.say("side")]
        heads += [self.say("kind"), self.say("points")]
        rows: list[_Row] = [
            (self.say(word), each.name, self.say(each.side), self.say(each.kind), each.points)
            for word, carried in (
                ("held_back", self.of.held_back),
                ("brought_in", self.of.brought_in),
            )
            for each in carried
        ]
        self._sheet("sheet carried", heads, [38, 34, 16, 18, 18], rows)

    # --- cells ------------------------------------------------------------------------------------

    def _sheet(
        self,
        word: str,
        heads: Sequence[str],
        widths: Sequence[int],
        rows: Sequence[_Row],
        *,
        landscape: bool = True,
        away: bool = False,
    ) -> None:
        """One table with its head frozen and repeated in print; figures' columns to the right."""
        sheet = self.book.add_worksheet(self.say(word))
        figures = [
            any(not isinstance(row[place], str) for row in rows) for place in range(len(heads))
        ]
        for place, (head, width) in enumerate(zip(heads, widths, strict=True)):
            sheet.set_column(place, place, width, self._format("text"))
            right = figures[place] and word != "sheet summary"
            sheet.write_string(0, place, head, self._format("head right" if right else "head"))
        money = self.away if away else self.home
        for number, row in enumerate(rows, start=1):
            for place, cell in enumerate(row):
                self._write(sheet, number, place, cell, money)
        sheet.freeze_panes(1, 0)
        sheet.repeat_rows(0)
        sheet.set_paper(9)  # A4
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.5, right=0.5, top=0.7, bottom=0.7)
        if landscape:
            sheet.set_landscape()
        title = f"{self.of.number}  {self.of.name}".replace("&", "&&")
        sheet.set_header(f"&L{title}&R&A"[:255])
        sheet.set_footer("&R&P / &N")

    def _write(self, sheet: Worksheet, row: int, place: int, cell: _Cell, money: str) -> None:
        if isinstance(cell, str):
            plain = "".join(each if each.isprintable() else " " for each in cell)
            sheet.write_string(row, place, plain, self._format("text"))
        elif isinstance(cell, datetime):
            midnight = (cell.hour, cell.minute, cell.second) == (0, 0, 0)
            form = "yyyy-mm-dd" if midnight else "yyyy-mm-dd hh:mm"
            sheet.write_datetime(row, place, cell, self._format(form))
        else:
            form = money if isinstance(cell, Decimal) else _POINTS
            sheet.write_number(row, place, cell, self._format(form))

    def _format(self, kind: str) -> Format:
        if kind not in self.formats:
            properties: dict[str, object] = {"font_name": "Arial", "font_size": 10, "valign": "top"}
            if kind.startswith("head"):
                properties |= {"bold": True, "bg_color": tones.SUNKEN, "bottom": 1}
                properties |= {"bottom_color": tones.LINE, "text_wrap": True}
                if kind == "head right":
                    properties["align"] = "right"
            elif kind == "text":
                properties["text_wrap"] = True
            else:
                properties["num_format"] = kind
                properties["align"] = "left" if kind.startswith("yyyy") else "right"
            self.formats[kind] = self.book.add_format(properties)
        return self.formats[kind]

    def _money(self, minor: int) -> Decimal:
        return _decimal(minor, self.of.currency)

    def _here(self, at: datetime) -> datetime:
        """A spreadsheet knows no zones: the time as clocks show it in the hub's."""
        return at.astimezone(ZoneInfo(self.of.zone)).replace(tzinfo=None, microsecond=0)


def _decimal(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-exponent(currency))


def _digits(currency: str) -> str:
    """The number format of a currency's amounts."""
    whole = "#,##0" + ("." + "0" * exponent(currency) if exponent(currency) else "")
    return f"{whole};{MINUS}{whole}"
