"""Levels and steps in the current language."""

from kit.language import gettext as _
from members.trust.levels import Step


def name(level: int) -> str:
    """`New member`, `1 star`, `3 stars`."""
    if level == 0:
        return _("New member")
    if level == 1:
        return _("1 star")
    return _("%(n)s stars", n=level)


def step(step: Step) -> str:
    """What is still missing, as something to do or to wait for."""
    one = step.amount == 1
    match step.what:
        case "phone":
            return _("Verify your mobile number")
        case "passkey":
            return _("Add a passkey")
        case "age":
            return _("1 more day") if one else _("%(n)s more days", n=step.amount)
        case "clean":
            if one:
                return _("1 more month without a charge-back")
            return _("%(n)s more months without a charge-back", n=step.amount)
        case _:
            if one:
                return _("1 charge-back must be over a year old")
            return _("%(n)s charge-backs must be over a year old", n=step.amount)
