"""All words of the documents, in Chinese and in English. One word per thing, everywhere."""

from settlement.documents.figures import Language

_WORDS: dict[str, tuple[str, str]] = {
    # The head and the amount.
    "statement": ("结算单", "Settlement statement"),
    "number": ("编号", "Number"),
    "window": ("结算期", "Window"),
    "period": ("起止", "Period"),
    "partner": ("商户", "Partner"),
    "state": ("版本", "Issue"),
    "first issue": ("首次出具", "First issue"),
    "revision": ("第{revision}版，取代{replaces}", "Revision {revision}, replaces {replaces}"),
    "pays": ("净应付", "Net payable"),
    "receives": ("净应收", "Net receivable"),
    "even": ("无需付款", "Nothing to pay"),
    "due on": ("付款期限", "Due date"),
    "bank of hub": ("付款至", "Pay to"),
    "bank of partner": ("收款账户", "Paid to your account"),
    "account name": ("户名", "Account name"),
    "account": ("账号", "Account"),
    "bank": ("开户行", "Bank"),
    "bank code": ("行号", "Bank code"),
    "no bank": ("账户信息另行通知。", "Account details are given separately."),
    "remittance": ("附言", "Reference"),
    # Points.
    "points": ("积分", "Points"),
    "points moved": ("未使用积分变动", "Your points outstanding"),
    "opening": ("期初余额", "Opening balance"),
    "issued": ("发放", "Issued"),
    "clawed_back": ("扣回", "Clawed back"),
    "spent_elsewhere": ("在他方消费", "Spent elsewhere"),
    "refunded_elsewhere": ("他方退还", "Refunded elsewhere"),
    "spent_here": ("在本方消费", "Spent at your own tills"),
    "refunded_here": ("本方退还", "Refunded at your own tills"),
    "expired": ("过期", "Expired"),
    "closing": ("期末余额", "Closing balance"),
    "adjusted": ("其中：争议调整", "Of which adjustments"),
    "tills": ("受理他方积分", "Others' points at your tills"),
    "accepted_points": ("受理", "Accepted"),
    "accepted_refunds": ("退还", "Refunded"),
    "accepted net": ("受理净额", "Accepted less refunds"),
    # Money.
    "money": ("净额的构成", "How the net comes about"),
    "amount": ("金额", "Amount"),
    "owed to you": ("应收：{kind}", "Owed to you: {kind}"),
    "you owe": ("应付：{kind}", "You owe: {kind}"),
    "spent": ("积分消费", "points spent"),
    "spread": ("价差", "spread"),
    "fee": ("手续费", "fee"),
    "prefunded": ("预付", "prefunding"),
    "breakage": ("过期沉淀", "breakage"),
    "cover": ("违约分担", "Cover of defaults"),
    "net": ("净额", "Net"),
    "rate": ("汇率", "Exchange rate"),
    "rate says": ("{denominator} {base} = {numerator} {quote}",) * 2,
    "residue": ("换算尾差（归平台）", "Residue of converting, kept by the hub"),
    "settled": ("结算金额", "Settled"),
    # Tables.
    "counterparty": ("对方", "Counterparty"),
    "kind": ("类别", "Kind"),
    "spent points": ("消费", "Spent"),
    "refunded points": ("退还", "Refunded"),
    "net points": ("净积分", "Net points"),
    "issuer trades": ("您发行的积分：在各方消费", "Your points, by where they were spent"),
    "acceptor trades": ("您受理的积分：按发行方", "Points you accepted, by issuer"),
    "own till": ("{name}（本方）", "{name} (your own tills)"),
    "owes": ("您的应付款", "What you owe"),
    "owed": ("您的应收款", "What you are owed"),
    "payments": ("付款", "Payments"),
    "pay": ("付给", "Pay to"),
    "collect": ("收自", "Receive from"),
    "direction": ("方向", "Direction"),
    "total": ("合计", "Total"),
    "none": ("本期没有。", "None in this window."),
    "held_back": ("暂缓结算", "Held back from this settlement"),
    "held_back why": (
        "属于本期，因争议或违约暂不结算；了结后计入其后的结算。",
        "Points of this window under dispute or default. They are settled once that is resolved.",
    ),
    "brought_in": ("补入结算", "Brought in from earlier windows"),
    "brought_in why": (
        "属于以前的结算期，按当时的条款在本期结算。",
        "Points of earlier windows, settled now at the prices of their own time.",
    ),
    "side": ("身份", "You are"),
    "issuer": ("发行方", "issuer"),
    "acceptor": ("受理方", "acceptor"),
    "refunded": ("退还", "refunded"),
    # Pictures.
    "pictures": ("图示", "In pictures"),
    "matrix title": (
        "{count}对往来，应付总额{gross}",
        "{count} pairs owe one another {gross} in all",
    ),
    "matrix description": (
        "每行为付款方，每列为收款方；颜色越深，金额越大。",
        "Each row owes, each column is owed; the darker, the larger.",
    ),
    "own matrix title": (
        "与{count}方往来：应收{owed}，应付{owes}",
        "With {count} counterparties: owed {owed}, owes {owes}",
    ),
    "own matrix description": (
        "每行一个对方；颜色越深，金额越大。",
        "One row for each counterparty; the darker, the larger.",
    ),
    "they owe": ("对方应付", "They owe you"),
    "you owe them": ("您应付", "You owe them"),
    "flow title": (
        "{gross}的往来轧差后只剩{net}（减少{saved}）",
        "{gross} of obligations net to {net} ({saved} less)",
    ),
    "flow description": (
        "左：轧差前谁应付谁；右：轧差后以最少笔数谁付谁。同一比例。",
        "Left: who owes whom before netting. Right: who pays whom after it, in the fewest"
        " payments. Drawn to one scale.",
    ),
    "gross": ("轧差前", "Before netting"),
    "after": ("轧差后", "After netting"),
    "own flow title receives": (
        "应收{owed}减应付{owes}，净收{net}",
        "Owed {owed} less {owes} leaves {net} to receive",
    ),
    "own flow title pays": (
        "应付{owes}减应收{owed}，净付{net}",
        "Owing {owes} less {owed} leaves {net} to pay",
    ),
    "own flow title even": ("应收应付相抵", "What is owed and what you owe come out even"),
    "own flow description": (
        "左：对方应付；右：您应付各方及净额。带宽为金额。",
        "Left: what others owe. Right: what you owe, and the net. The width is the amount.",
    ),
    "others": ("其余{count}方", "{count} others"),
    "column": ("列", "column"),
    # The foot and the seal.
    "verify": ("如何核验", "How to verify"),
    "verify 1": (
        "1. 取得本结算单的签名文件及分录：GET /v1/statements/{number}，…/proofs。",
        "1. Fetch the signed document and its lines: GET /v1/statements/{number} and …/proofs.",
    ),
    "verify 2": (
        "2. 离线运行 verify-statement：核对签名、加总、每条分录及封存树根。",
        "2. Run verify-statement, offline: signature, sums, every line, and the tree head.",
    ),
    "verify 3": (
        "3. 将下列树根与平台公布的树根（GET /v1/tree/head）及您以往保存的核对。",
        "3. Compare the tree head with the published one (GET /v1/tree/head) and your older ones.",
    ),
    "tree head": ("封存树根", "Tree head"),
    "tree size": ("凭证数", "Journals sealed"),
    "sealed at": ("封存时间", "Sealed"),
    "key": ("签名密钥", "Key"),
    "not sealed": ("本期凭证尚未封存。", "The journals of this window are not sealed yet."),
    "page": ("第{page}页，共{pages}页", "Page {page} of {pages}"),
    "zone": ("时间均为{zone}（{offset}）", "All times are {zone} ({offset})"),
    "Asia/Shanghai": ("北京时间", "Beijing time"),
    "copy": (
        "本文件由签名文件生成，以签名文件为准。",
        "Made from the signed document, which prevails.",
    ),
    # Sheets.
    "sheet summary": ("概要", "Summary"),
    "sheet points": ("积分", "Points"),
    "sheet trades": ("往来积分", "Trades"),
    "sheet obligations": ("应付应收", "Obligations"),
    "sheet payments": ("付款", "Payments"),
    "sheet carried": ("暂缓与补入", "Held back, brought in"),
    "item": ("项目", "Item"),
    "value": ("内容", "Value"),
    "currency": ("币种", "Currency"),
    "section": ("部分", "Section"),
    "opened at": ("开始", "Opened"),
    "closed at": ("关账", "Closed"),
}


def say(language: Language, word: str, **facts: object) -> str:
    """The word, with its facts filled in. Raises KeyError for one that is not listed."""
    return _WORDS[word][language == "en"].format(**facts)


def zone_name(language: Language, zone: str) -> str:
    """`北京时间`, `Beijing time`; a zone without a name of its own keeps the registry's."""
    return say(language, zone) if zone in _WORDS else zone


def characters() -> set[str]:
    """Every character that some word is written with."""
    return {each for pair in _WORDS.values() for word in pair for each in word}
