"""The wallet: pages for members, phone first. Each file is one part of it, with its templates."""

from members.pages import (
    activity,
    brands,
    claim,
    family,
    freeze,
    give,
    inbox,
    my_data,
    outbox,
    passkeys,
    pay,
    prove,
    settings,
    sign_in,
    trust_levels,
    wallet,
)

PAGES = (
    sign_in.pages,
    wallet.pages,
    activity.pages,
    pay.pages,
    brands.pages,
    freeze.pages,
    give.pages,
    family.pages,
    inbox.pages,
    outbox.pages,
    trust_levels.pages,
    settings.pages,
    prove.pages,
    passkeys.pages,
    my_data.pages,
    claim.pages,
)
