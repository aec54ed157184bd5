"""A window's pictures for the hub, out of its figures: everybody's rows and columns."""

from settlement import payments
from settlement.documents.pictures import Owed, Whole
from settlement.views import HubWindow


def whole(window: HubWindow) -> Whole:
    """What is left after netting is drawn as the fewest payments would move it.

    By whichever route the money goes: through the hub, every amount would be drawn twice.
    """
    fewest = payments.minimal({each.party: each.net for each in window.positions})
    return Whole(
        names=window.names,
        currency=window.currency,
        obligations=[Owed(each.debtor, each.creditor, each.amount) for each in window.obligations],
        payments=[Owed(each.payer, each.payee, each.amount) for each in fewest],
    )
