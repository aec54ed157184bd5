"""The desk: pages for finance and operations. Each file is one part of it, with its templates."""

from web.desk import (
    account,
    approvals,
    audit,
    books,
    disputes,
    health,
    members,
    partners,
    people,
    rates,
    reconciliation,
    search,
    sign_in,
    today,
    window_pay,
    windows,
)

PAGES = (
    sign_in.pages,
    today.pages,
    windows.pages,
    window_pay.pages,
    reconciliation.pages,
    disputes.pages,
    partners.pages,
    rates.pages,
    books.pages,
    approvals.pages,
    audit.pages,
    members.pages,
    search.pages,
    health.pages,
    people.pages,
    account.pages,
)
