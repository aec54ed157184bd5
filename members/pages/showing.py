"""What the wallet's templates say of brands and movements, whichever page they stand on."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import Response, render_template
from sqlalchemy.orm import Session

from exchange import store
from kit.language import LOCALES, current
from kit.language import gettext as _
from members.pages.wiring import Brand, here


def show(template: str, **facts: Any) -> str:
    """A page of the wallet: `brand_name` says a party's name."""

    names = here().brands
    brands: dict[int, Brand | None] = dict(names.all())

    def brand_name(party: int | None) -> str:
        if party is not None and party not in brands:  # Once: the hub itself is no brand.
            brands.setdefault(party, names.named([party]).get(party))
        brand = None if party is None else brands[party]
        return brand.name if brand else _("Tongbao")

    return render_template(
        template,
        brand_name=brand_name,
        kind_word=kind_word,
        month_word=month_word,
        **facts,
    )


def kind_word(kind: str) -> str:
    """What a kind of movement is called."""
    return {
        "earned": _("Earned"),
        "spent": _("Spent"),
        "held": _("Held"),
        "refunded": _("Refunded"),
        "clawed_back": _("Points taken back"),
        "imported": _("Imported"),
        "exported": _("Exported"),
        "given": _("Given"),
        "received": _("Received"),
        "returned": _("Came back"),
        "expired": _("Expired"),
        "adjusted": _("Adjusted"),
    }[kind]


def month_word(first: date) -> str:
    """Dec 2026; 2026年12月"""
    pattern = "MMM y" if current() == "en" else "y年M月"
    return str(format_date(first, pattern, locale=LOCALES[current()]))


def zone(session: Session) -> ZoneInfo:
    """The zone in which the books' days begin and end."""
    return ZoneInfo(store.zone(session))


def file(pieces: Iterator[bytes], name: str) -> Response:
    """A CSV to keep, sent as it is made."""
    return Response(
        pieces,
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def short_month(first: date) -> str:
    """Dec; 12月"""
    pattern = "MMM" if current() == "en" else "M月"
    return str(format_date(first, pattern, locale=LOCALES[current()]))
