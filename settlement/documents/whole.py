"""A window's pictures for the hub, out of its figures: everybody's rows and columns."""

from settlement.documents.pictures import Owed, Whole
from settlement.views import HubWindow


def whole(window: HubWindow) -> Whole:
    """A payment abroad weighs, in the hub's currency, the whole net of its partner."""
    nets = {each.party: each for each in window.positions}

    def weight(payer: int, payee: int, amount: int, currency: str) -> int:
        abroad = [nets[each] for each in (payer, payee) if nets[each].currency != window.currency]
        return abs(abroad[0].net) if currency != window.currency and abroad else amount

    return Whole(
        names=window.names,
        currency=window.currency,
        obligations=[Owed(each.debtor, each.creditor, each.amount) for each in window.obligations],
        payments=[
            Owed(
                each.payer,
                each.payee,
                weight(each.payer, each.payee, each.amount, each.currency),
            )
            for each in window.payments
        ],
    )
