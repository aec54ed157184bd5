"""The hub's pictures of a window: what netting leaves is drawn once, whichever way it goes."""

from settlement import views
from settlement.documents.pictures import flow
from settlement.documents.whole import whole
from tests.settlement.coalition import Coalition


def test_what_is_left_is_what_must_move(coalition: Coalition) -> None:
    for slug in ("market", "fuel", "cafe"):
        coalition.partner(slug, fee_ppm=10_000)
    wallet = coalition.wallet()
    coalition.issue("market", wallet, 1000)
    coalition.issue("fuel", wallet, 700)
    coalition.spend("fuel", wallet, 600)
    coalition.spend("cafe", wallet, 500)
    coalition.spend("market", wallet, 600)
    closed = coalition.close("2026-12")
    with coalition.database.transaction() as session:
        window = views.hub_window(session, closed, currency="CNY")
    assert {each.payee for each in window.payments} | {each.payer for each in window.payments} >= {
        1,
        *(coalition.parties[slug] for slug in ("market", "fuel", "cafe")),
    }
    drawn = whole(window)
    assert sum(each.amount for each in drawn.payments) == window.compression.to_move
    assert f"{window.compression.saved_per_mille / 10:.0f}" in flow(drawn, "en").title
    assert "−" not in flow(drawn, "en").title
