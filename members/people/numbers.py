"""Mobile numbers: as people type them, as the hub keeps them (E.164), as they may be shown."""

from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from kit.secrets import Secrets

_MOBILE: Final = {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
_LONGEST: Final = 40  # characters, with all the spaces and brackets that people put in


def parse(typed: str, region: str) -> str | None:
    """`+8613800138000`, or None when no mobile phone can have that number.

    `region` (ISO 3166) is where a number without a country code is from. Full-width digits count.
    """
    if not 0 < len(typed) <= _LONGEST:
        return None
    try:
        number = phonenumbers.parse(typed, region)
    except NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    if phonenumbers.number_type(number) not in _MOBILE:
        return None
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def blind_index(secrets_: Secrets, number: str) -> bytes:
    """By what a number is found: says nothing without the hub's secret."""
    return secrets_.digest("phone", number)


def masked(number: str) -> str:
    """`138****8000`, `+44****0123`: enough for who knows it, too little for who does not."""
    parsed = phonenumbers.parse(number)
    national = phonenumbers.national_significant_number(parsed)
    head = national[:3] if parsed.country_code == 86 else f"+{parsed.country_code}"
    return f"{head}****{national[-4:]}"
