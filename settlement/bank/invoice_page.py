"""An invoice or credit note on paper, in Chinese or English."""

from collections.abc import Sequence

from settlement.bank.invoice import Invoice
from settlement.documents import fonts, tones
from settlement.documents.figures import Language, amount, day, money
from settlement.documents.paper import MARGIN, WIDTH, Column, Paper

_WORDS: dict[str, tuple[str, str]] = {
    "invoice": ("付款通知单", "Invoice"),
    "credit-note": ("红字通知单", "Credit note"),
    "number": ("编号", "Number"),
    "window": ("结算期", "Window"),
    "statement": ("结算单", "Statement"),
    "cancels": ("冲销", "Cancels"),
    "issued": ("开具日期", "Issued"),
    "due": ("付款期限", "Due date"),
    "pay": ("应付金额", "To pay"),
    "back": ("冲销金额", "Taken back"),
    "collected": ("由平台按委托收取，无需汇款。", "Collected under your mandate: send nothing."),
    "kind": ("项目", "For"),
    "amount": ("金额", "Amount"),
    "net": ("净额", "Net"),
    "rate": ("汇率", "Exchange rate"),
    "where": ("付款至", "Pay to"),
    "name": ("户名", "Account name"),
    "account": ("账号", "Account"),
    "bank": ("开户行", "Bank"),
    "code": ("行号", "Bank code"),
    "reference": ("附言", "Reference"),
    "no tax": (
        "本通知单用于结算付款，不是发票（税务）。",
        "This asks for a settlement's payment; it is no tax invoice.",
    ),
    "page": ("第{page}页，共{nb}页", "Page {page} of {nb}"),
    "spent": ("积分消费", "Points spent"),
    "spread": ("价差", "Spread"),
    "fee": ("手续费", "Fee"),
    "prefunded": ("预付", "Prefunding"),
    "breakage": ("过期沉淀", "Breakage"),
    "cover": ("违约分担", "Cover of defaults"),
}


def as_pdf(invoice: Invoice, language: Language) -> bytes:
    """A4, with text that can be searched; equal invoices give equal bytes."""
    say = {word: both[language == "en"] for word, both in _WORDS.items()}
    paper = Paper(fonts.cut_for(_characters(invoice)), (say["no tax"], say["page"]), invoice.number)
    title = f"{say[invoice.kind]} {invoice.number}"
    paper.describe(title, "", f"{invoice.name}, {invoice.window}", language, invoice.issued_at)
    paper.add_page()
    _head(paper, invoice, say, language)
    _lines(paper, invoice, say)
    for each in invoice.pay:
        paper.heading(say["where"])
        if each.collected:
            paper.paragraph(say["collected"])
        facts = [
            (say["name"], each.to.name),
            (say["account"], each.to.account),
            (say["bank"], each.to.bank),
            (say["code"], each.to.bank_code),
            (say["reference"], each.reference),
        ]
        columns = [Column(head="", width=40), Column(head="", width=WIDTH - 40)]
        total = (say["amount"], money(each.amount, invoice.currency))
        paper.grid(columns, facts, total=total)
    return bytes(paper.output())


def _head(paper: Paper, invoice: Invoice, say: dict[str, str], language: Language) -> None:
    paper.write_at(MARGIN, 24, say[invoice.kind], size=12, tone=tones.ACCENT, strong=True)
    paper.rule(28)
    paper.write_at(MARGIN, 39, invoice.name, size=20, strong=True, width=WIDTH)
    facts: Sequence[tuple[str, str | None]] = [
        ("number", invoice.number),
        ("cancels", invoice.cancels),
        ("window", invoice.window),
        ("statement", invoice.statement),
        ("issued", day(invoice.issued_at.date(), language)),
        ("due", None if invoice.cancels else day(invoice.due_on, language)),
    ]
    paper.y = 41
    for word, fact in facts:
        if fact is not None:
            paper.y += 5.4
            paper.write_at(MARGIN, paper.y, say[word], size=9, tone=tones.TEXT_2)
            paper.write_at(MARGIN + 30, paper.y, fact, size=9, width=WIDTH - 30)
    top = paper.y + 5
    paper.block(MARGIN, top, WIDTH, 26, tones.ACCENT_TINT)
    word = "back" if invoice.kind == "credit-note" else "pay"
    figure = money(invoice.amount, invoice.currency)
    paper.write_at(MARGIN + 6, top + 8, say[word], size=10, tone=tones.TEXT_2)
    paper.write_at(MARGIN + 6, top + 20, figure, size=24, tone=tones.ACCENT, strong=True)
    paper.y = top + 28


def _lines(paper: Paper, invoice: Invoice, say: dict[str, str]) -> None:
    sign = -1 if invoice.kind == "credit-note" else 1
    columns = [
        Column(head=say["kind"], width=WIDTH - 60),
        Column(head=f"{say['amount']}, {invoice.base}", width=60, figures=True),
    ]
    rows = [(say[each.kind], amount(sign * each.amount, invoice.base)) for each in invoice.lines]
    paper.y += 4
    paper.grid(columns, rows, total=(say["net"], amount(sign * invoice.net, invoice.base)))
    if invoice.base != invoice.currency:
        rate = f"{invoice.numerator}/{invoice.denominator} {invoice.currency}"
        paper.y += 2
        paper.paragraph(f"{say['rate']}: 1 {invoice.base} = {rate}")


def _characters(invoice: Invoice) -> set[str]:
    """What the page is written with, for the font that is cut for it."""
    texts = [invoice.name, invoice.window, *(word for both in _WORDS.values() for word in both)]
    texts += [
        text for each in invoice.pay for text in (each.to.name, each.to.account, each.to.bank)
    ]
    plain = "".join(chr(code) for code in range(32, 127))
    extra = f"年月日¥…\N{MINUS SIGN}\N{NO-BREAK SPACE}{fonts.MISSING}"
    return set(fonts.legible("".join(texts))) | set(plain) | set(extra)
