"""An explanation as it is told: parties by name, exact amounts as decimals of minor units."""

from collections.abc import Mapping, Sequence
from typing import Any

from settlement.explaining.explanation import Explanation
from settlement.explaining.reasons import Cause, Reason, in_minor_units
from settlement.fx import Rate
from settlement.payments import Payment
from settlement.views import Named

Facts = dict[str, Any]
Names = Mapping[int, Named]


def facts(found: Explanation, names: Names) -> Facts:
    """What a partner and finance are both told; amounts are minor units of `currency`."""
    figures = found.figures
    return {
        "currency": found.base,
        "net": figures.net,
        "receives": figures.receives,
        "pays": figures.pays,
        "cover": figures.cover,
        "settles": _settles(found),
        "payments": [_payment(each, found, names) for each in found.payments],
        "netting": {
            "gross": found.netting.gross,
            "bilateral": found.netting.bilateral,
            "to_move": found.netting.to_move,
        },
        "across": [
            {
                "party": names[each.party],
                "receives": each.receives,
                "pays": each.pays,
                "left": each.left,
            }
            for each in found.across
        ],
        "reasons": _reasons(found.party, found.reasons, names),
        "left_out": _reasons(found.party, found.left_out, names),
        "brought_in": _reasons(found.party, found.brought_in, names),
    }


def _settles(found: Explanation) -> Facts:
    rate = found.figures.rate or Rate(base="-", quote="--", numerator=1, denominator=1)
    return {
        "amount": found.figures.settles,
        "currency": found.figures.currency,
        "numerator": rate.numerator,
        "denominator": rate.denominator,
        "residue": found.residue,
    }


def _payment(payment: Payment, found: Explanation, names: Names) -> Facts:
    pays = payment.payer == found.party
    return {
        "direction": "pay" if pays else "collect",
        "party": names[payment.payee if pays else payment.payer],
        "amount": payment.amount,
        "currency": found.figures.currency,
    }


def _reasons(party: int, found: Sequence[Reason], names: Names) -> list[Facts]:
    return [
        {
            "side": "owes" if each.debtor == party else "owed",
            "party": names[each.creditor if each.debtor == party else each.debtor],
            "kind": each.kind,
            "points": each.points,
            "exact": in_minor_units(each.exact),
            "rounding": each.rounding,
            "amount": each.amount,
            "causes": [_cause(cause, names) for cause in each.causes],
        }
        for each in found
    ]


def _cause(cause: Cause, names: Names) -> Facts:
    return {
        "movement": cause.kind,
        "issuer": names[cause.issuer],
        "acceptor": None if cause.acceptor is None else names[cause.acceptor],
        "points": cause.points,
        "price": cause.price,
        "share_ppm": cause.share_ppm,
        "part_ppm": cause.part_ppm,
        "exact": in_minor_units(cause.exact),
    }
