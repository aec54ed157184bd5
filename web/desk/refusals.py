"""What the books refuse, said to people: what stands in the way, and what to do about it."""

from collections.abc import Mapping

from kit.errors import Refusal
from kit.language import gettext as _
from kit.language import mark

SAYS: Mapping[str, str] = {
    "already-proposed": mark("This waits for a second person already."),
    "settlement-step-refused": mark("The window is not ready for this step: look at its state."),
    "bank-account-missing": mark(
        "A party to these payments has no bank account: propose one, then come back."
    ),
    "unrevised-deferrals": mark("Lines were contested since: issue revised statements first."),
    "books-do-not-balance": mark("The books do not balance: no money moves until they do."),
    "bank-disagrees": mark("The bank does not show every payment in full."),
    "money-moved": mark("Money of this window has moved: it can no longer be given up."),
    "bank-entry-not-found": mark("There is no such line of the bank."),
    "payment-not-found": mark("No window that is being paid has such a payment."),
    "bank-match-refused": mark("This line cannot belong to this payment."),
    "confirmation-refused": mark("This payment is not to be confirmed by hand."),
    "nothing-due": mark("It has nothing to pay for this window."),
    "default-too-late": mark("The window's money has moved: it can no longer be worked out anew."),
    "default-exists": mark("Its default of this window has been dealt with."),
    "default-covered-already": mark(
        "A default of this window was covered: its figures stay, and others are covered too."
    ),
    "exchange-not-waiting": mark("The partner is not asked this any more."),
    "exchange-just-asked": mark(
        "The partner was asked a moment ago and may be answering: try again in a minute."
    ),
    "exchange-answer-impossible": mark("In this state such an answer settles nothing."),
    "exchange-waits": mark("First let the partner trade, with terms in force."),
    "rate-arbitrage": mark("Going round a loop with this rate would make points."),
    "outside-rate-refused": mark(
        "It leads from one kind of value to another: a partner's short name, points, or CNY."
    ),
    "fx-rate-exists": mark("Another rate is fixed for this pair and day."),
    "calendar-refused": mark(
        "The zone is unknown, or the days are not in order: advice, then call, within a year."
    ),
    "calendar-exists": mark("Another calendar begins at this very moment."),
    "own-roles": mark("Nobody decides on their own roles."),
    "last-administrator": mark("This is the last administrator: make another one first."),
    "operator-name-taken": mark("Somebody has this name already."),
    "operator-email-taken": mark("Somebody has this address already."),
    "operator-inactive": mark("This person is out: let them in again first."),
    "operator-active": mark("This person is in already."),
    "bank-file-malformed": mark("The file is no camt.053 that can be read."),
    "bank-file-currency-unknown": mark(
        "The file holds an amount in another currency than its account's."
    ),
    "bank-file-does-not-add-up": mark(
        "The opening balance and the entries do not come to the closing balance."
    ),
    "bank-file-account-unknown": mark("The file is about an account that is not the hub's."),
    "bank-statement-differs": mark(
        "Another statement of this account has this number and says something else."
    ),
}


def in_words(refusal: Refusal) -> str:
    """In the reader's language; of a refusal that no page expects, its own English title."""
    return _(SAYS[refusal.code]) if refusal.code in SAYS else refusal.title
