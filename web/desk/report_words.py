"""What the reports of finance say, in the reader's language: headings, rows, checks, notes.

Names of accounts stand as they are.
"""

import re
from collections.abc import Mapping

from kit.language import gettext as _
from kit.language import mark
from web.frame.formats import listed

_WORDS = (
    # Headings of tables
    mark("By issuer"),
    mark("By age"),
    mark("By expiry"),
    mark("Points by issuer and age"),
    mark("Points by issuer and expiry"),
    mark("Used by age"),
    mark("Points used by age, of each month of issue"),
    mark("Deferred revenue by vintage"),
    mark("Points"),
    mark("Contract liability (116, 118)"),
    mark("When it is expected to be earned (120)"),
    mark("At the end of each day"),
    # Heads of columns
    mark("issuer"),
    mark("age"),
    mark("month"),
    mark("points"),
    mark("value"),
    mark("prefunded"),
    mark("expiry"),
    mark("in the ledger"),
    mark("in lots"),
    mark("difference"),
    mark("age, months"),
    mark("used"),
    mark("assumed"),
    mark("vintage"),
    mark("issued"),
    mark("expired"),
    mark("outstanding"),
    mark("breakage ahead"),
    mark("by"),
    mark("sold for"),
    mark("redeemed"),
    mark("breakage"),
    mark("deferred"),
    mark("used by then"),
    mark("used a month later"),
    mark("vintages"),
    mark("development"),
    mark("of all use"),
    mark("opening"),
    mark("imported"),
    mark("adjusted"),
    mark("clawed back"),
    mark("spent elsewhere"),
    mark("at own till"),
    mark("refunded"),
    mark("closing"),
    mark("account"),
    mark("party"),
    mark("debits"),
    mark("credits"),
    mark("balance"),
    mark("revenue from opening"),
    mark("revenue from issued"),
    mark("of both, breakage"),
    mark("within 3 months"),
    mark("4 to 12 months"),
    mark("13 to 24 months"),
    mark("later"),
    mark("day"),
    mark("owed"),
    mark("exposure"),
    mark("cap"),
    # Rows
    mark("all together"),
    mark("0–30 days"),
    mark("31–90 days"),
    mark("91–180 days"),
    mark("181–365 days"),
    mark("over a year"),
    mark("run off"),
    mark("chain ladder"),
    mark("cape cod"),
    mark("no estimate"),
    mark("wallet"),
    mark("issuing"),
    mark("accepting"),
    mark("receivable"),
    # Checks
    mark("issues that differ between postings and lots"),
    mark("opening and what moved, and closing"),
    mark("closing by time, and closing"),
    mark("debits of points, and credits"),
    # Notes
    mark(
        "Value is at the price of the issue, rounded up; prefunded is the part of it that the float"
        " holds already."
    ),
    mark("Sold for = redeemed + breakage + deferred; breakage is earned as members use points."),
    mark(
        "No estimate: fewer than 3 monthly developments have been seen, or they do not settle. All"
        " of it counts as points that will be used."
    ),
    mark(
        "Cape cod: less than a quarter of its use has come, so the rest of it is taken from what"
        " all vintages showed."
    ),
    mark(
        "Revenue of vintages of the months before the period is from opening. Both ends are valued"
        " by the curves that could be seen then, so revenue holds what the estimate of breakage"
        " changed by."
    ),
)
_SHAPES = (
    (r"points of (?P<name>.+): postings, and lots", mark("points of %(name)s: postings, and lots")),
    (r"points of (?P<name>.+): vintages, and lots", mark("points of %(name)s: vintages, and lots")),
    (r"points of (?P<name>.+): rolled, and lots", mark("points of %(name)s: rolled, and lots")),
    (r"points of (?P<name>.+) moved, net", mark("points of %(name)s moved, net")),
    (
        r"points outstanding at the beginning: vintages, and lots",
        mark("points outstanding at the beginning: vintages, and lots"),
    ),
    (
        r"points outstanding at the end: vintages, and lots",
        mark("points outstanding at the end: vintages, and lots"),
    ),
    (
        r"points of (?P<name>.+): all changes, and what issuing reads",
        mark("points of %(name)s: all changes, and what issuing reads"),
    ),
    (
        r"owed of (?P<name>.+): all changes, and what issuing reads",
        mark("owed of %(name)s: all changes, and what issuing reads"),
    ),
    (r"wallets of (?P<name>.+), and lots", mark("wallets of %(name)s, and lots")),
    (
        r"receivable of (?P<name>.+), and members' debts",
        mark("receivable of %(name)s, and members' debts"),
    ),
    (r"debits of (?P<name>[A-Z]{3}), and credits", mark("debits of %(name)s, and credits")),
    (
        r"(?P<name>.+) in (?P<currency>[A-Z]{3}), and its unpaid positions",
        mark("%(name)s in %(currency)s, and its unpaid positions"),
    ),
    (r"Money, (?P<name>[A-Z]{3})", mark("Money, %(name)s")),
    (r"The curve for (?P<name>.+)", mark("The curve for %(name)s")),
    (r"(?P<name>\d+) and on: tail", mark("%(name)s and on: tail")),
)


def say(text: str, known: Mapping[str, str]) -> str:
    """The words of a report as a page has them; `known`: names of partners by their slugs."""
    if text in _WORDS:
        return _(text)
    for shape, message in _SHAPES:
        if found := re.fullmatch(shape, text):
            words = found.groupdict()
            if "name" in words:
                words["name"] = listed(known.get(each, each) for each in words["name"].split(", "))
            return _(message, **words)
    return text


def head(text: str, known: Mapping[str, str]) -> str:
    """The same with a capital, for the head of a column."""
    said = say(text, known)
    return said[:1].upper() + said[1:]
