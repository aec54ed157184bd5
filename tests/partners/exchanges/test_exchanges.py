"""Exchanges from price to undo, with a partner that answers, refuses, lies, hangs and breaks."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from exchange import acceptance, expiry, freezing, ledger
from exchange.errors import InsufficientPoints, WalletFrozen
from kit.ids import to_text
from members.people import persons
from members.store import member_of_wallet
from partners.exchanges import exchanging
from partners.exchanges.errors import (
    ExchangeAmount,
    ExchangeExpired,
    ExchangeImpossible,
    ExchangeNotFound,
    UndoRefused,
)
from tests.partners.exchanges.conftest import LIMIT, SECRETS, UNDO_DAYS, Trade


def let_go(trade: Trade, exchange: UUID) -> None:
    """The hold ends, as no request of anybody's ends it."""
    order = acceptance.void(party=trade.airline.party, hold=trade.row(exchange)["hold_id"])
    ledger.post(trade.database.hot, [order])[0].unwrap()


class TestQuoting:
    def test_an_export_asks_no_more_points_than_it_must(self, trade: Trade) -> None:
        row = trade.row(trade.quote("export", 600))
        # 594 after the fee buy 178.2 of theirs: the started one is the member's.
        assert (row["theirs"], row["points"], row["fee"]) == (179, 599, 5)

    def test_an_import_gives_what_the_rate_says(self, trade: Trade) -> None:
        row = trade.row(trade.quote("import", 30))
        assert (row["theirs"], row["points"], row["fee"]) == (30, 100, 0)
        with pytest.raises(ExchangeAmount) as refused:
            trade.quote("import", 31)
        assert refused.value.facts["step"] == 3

    def test_other_rates_do_not_change_a_quote(self, trade: Trade) -> None:
        exchange = trade.quote("import", 30)
        trade.owner.execute("UPDATE exchange.rate SET valid = tstzrange(lower(valid), now())")
        with pytest.raises(ExchangeImpossible):
            trade.quote("import", 30)
        trade.confirm(exchange)
        trade.advance(exchange)
        assert trade.row(exchange)["state"] == "done"
        assert trade.balance() == (5_100, 0)

    @pytest.mark.parametrize("amount", [0, 1, 499, LIMIT + 1])
    def test_amounts_that_cannot_be(self, trade: Trade, amount: int) -> None:
        with pytest.raises(ExchangeAmount):
            trade.quote("export", amount)

    def test_more_than_there_is(self, trade: Trade) -> None:
        with pytest.raises(InsufficientPoints) as refused:
            trade.quote("export", 6_000)
        assert refused.value.facts["available"] == 5_000

    @pytest.mark.parametrize(
        "breaking",
        [
            "UPDATE exchange.link SET active = false",
            "DELETE FROM partners.exchange_endpoint",
            "UPDATE partners.partner SET state = 'suspended'",
            "UPDATE partners.terms SET valid = tstzrange('2017-01-01', '2018-01-01')",
        ],
    )
    def test_what_makes_it_impossible(self, trade: Trade, breaking: str) -> None:
        exchange = trade.quote("export", 600)
        trade.owner.execute(breaking)
        with pytest.raises(ExchangeImpossible):
            trade.quote("export", 600)
        with pytest.raises(ExchangeImpossible):
            trade.confirm(exchange)


class TestConfirming:
    def test_sets_the_points_aside_for_as_long_as_it_takes(self, trade: Trade) -> None:
        trade.begun("export", 600)
        assert trade.balance() == (4_401, 599)
        in_a_year = datetime.now(UTC) + timedelta(days=365)
        assert expiry.expire_holds(trade.database, moment=in_a_year) == 0
        assert trade.balance() == (4_401, 599)

    def test_once(self, trade: Trade) -> None:
        exchange = trade.begun("export", 600)
        trade.confirm(exchange)
        trade.advance(exchange)
        trade.confirm(exchange)
        assert trade.balance() == (4_401, 0)
        assert trade.journals("capture") == 1
        assert trade.programme.acts() == ["credit"]

    def test_not_after_its_time(self, trade: Trade) -> None:
        exchange = trade.quote("export", 600)
        with pytest.raises(ExchangeExpired):
            trade.confirm(exchange, now=trade.clock() + timedelta(minutes=5))
        assert trade.balance() == (5_000, 0)

    def test_not_anothers(self, trade: Trade) -> None:
        exchange = trade.quote("export", 600)
        with pytest.raises(ExchangeNotFound):
            trade.confirm(exchange, wallet=trade.wallet + 1)

    def test_not_from_a_frozen_wallet(self, trade: Trade) -> None:
        exchange = trade.quote("import", 30)
        with trade.database.transaction() as session:
            freezing.freeze(session, trade.wallet)
        with pytest.raises(WalletFrozen):
            trade.confirm(exchange)

    def test_not_beyond_the_day(self, trade: Trade) -> None:
        quotes = [trade.quote("export", 600, limit=800) for _ in range(2)]
        trade.confirm(quotes[0], limit=800)
        with pytest.raises(ExchangeAmount) as refused:
            trade.confirm(quotes[1], limit=800)
        assert refused.value.facts["left"] == 201

    def test_not_beyond_the_rates_own_day(self, trade: Trade) -> None:
        trade.owner.execute("UPDATE exchange.rate SET daily_cap = 200")
        for direction, amount in (("export", 600), ("import", 150)):
            quotes = [trade.quote(direction, amount) for _ in range(2)]  # type: ignore[arg-type]
            trade.confirm(quotes[0])
            with pytest.raises(ExchangeImpossible):
                trade.confirm(quotes[1])

    def test_what_is_typed_twice_is_two_quotes(self, trade: Trade) -> None:
        assert trade.quote("export", 600) != trade.quote("export", 600)


class TestExporting:
    def test_done(self, trade: Trade) -> None:
        exchange = trade.done("export", 600)
        assert trade.balance() == (4_401, 0)
        assert trade.programme.balance == 900 + 179
        call = trade.programme.calls[0]
        assert call.content == {
            "id": to_text("exg", exchange),
            "act": "credit",
            "member": trade.traveller,
            "reference": "FF-004471",
            "theirs": 179,
            "points": 599,
            "rate": {"theirs": 3, "ours": 10},
        }
        assert call.headers["idempotency-key"] == to_text("exg", exchange) + "-credit"
        row = trade.row(exchange)
        assert row["undo_until"] - row["done_at"] == timedelta(days=UNDO_DAYS)

    def test_refused(self, trade: Trade) -> None:
        trade.programme.mood = "refused"
        exchange = trade.begun("export", 600)
        trade.advance(exchange)
        row = trade.row(exchange)
        assert (row["state"], row["reason"]) == ("returned", "not-enough")
        assert trade.balance() == (5_000, 0)
        assert trade.programme.balance == 900

    def test_refused_is_told(self, trade: Trade) -> None:
        with trade.database.transaction() as session:
            member = member_of_wallet(session, trade.wallet)
            now = trade.clock()
            persons.open_person(session, SECRETS, "+8613912345678", member=member, now=now)
        trade.programme.mood = "refused"
        exchange = trade.begun("export", 600)
        trade.advance(exchange)
        told = trade.owner.execute("SELECT kind, facts FROM members.notice").fetchall()
        facts = {
            "points": trade.row(exchange)["points"],
            "party": trade.airline.party,
            "exchange": str(exchange),
        }
        assert told == [("exchange-returned", facts)]

    @pytest.mark.parametrize("mood", ["500", "202", "closes", "lies", "redirects", "floods"])
    def test_not_known_and_asked_again(self, trade: Trade, mood: str) -> None:
        trade.programme.moods = [mood, mood]
        exchange = trade.begun("export", 600)
        trade.advance(exchange)
        row = trade.row(exchange)
        assert row["state"] == "asked"
        assert trade.balance() == (4_401, 599)
        assert trade.later(seconds=9) == 0  # Not yet.
        assert len(trade.programme.calls) == 1
        assert trade.later(seconds=2) == 0
        assert trade.later(seconds=19) == 0
        assert trade.later(seconds=2) == 1
        assert trade.row(exchange)["state"] == "done"
        assert trade.programme.acts() == ["credit"] * 3
        assert len({call.content["id"] for call in trade.programme.calls}) == 1
        assert trade.programme.balance == 900 + 179
        assert trade.balance() == (4_401, 0)
        assert trade.programme.unsigned == []

    @pytest.mark.parametrize("mood", ["hangs", "drips"])
    def test_nobody_waits_for_long(self, trade: Trade, mood: str) -> None:
        trade.programme.moods = [mood]
        exchange = trade.begun("export", 600)
        before = datetime.now(UTC)
        trade.advance(exchange)
        assert timedelta(seconds=4) < datetime.now(UTC) - before < timedelta(seconds=7)
        assert trade.row(exchange)["state"] == "asked"
        assert trade.later(seconds=11) == 1
        assert trade.row(exchange)["state"] == "done"

    def test_frozen_while_asked_is_carried_through(self, trade: Trade) -> None:
        """The partner may have credited already: to let go would give twice."""
        trade.programme.moods = ["closes"]
        exchange = trade.begun("export", 600)
        trade.advance(exchange)
        with trade.database.transaction() as session:
            assert freezing.freeze(session, trade.wallet) == []
        trade.later(seconds=11)
        assert trade.row(exchange)["state"] == "done"
        assert trade.balance() == (4_401, 0)

    @pytest.mark.parametrize(("act", "content"), [("void", {}), ("capture", {"points": 1})])
    def test_what_is_set_aside_is_no_sale_of_the_partners(
        self, trade: Trade, act: str, content: dict[str, int]
    ) -> None:
        exchange = trade.begun("export", 600)
        hold = to_text("aut", trade.row(exchange)["hold_id"])
        refused = trade.airline.call("POST", f"/v1/authorizations/{hold}/{act}", content)
        assert (refused.status, refused.body["code"]) == (404, "authorization-not-found")
        trade.advance(exchange)
        assert trade.row(exchange)["state"] == "done"

    def test_let_go_meanwhile_comes_back_on_both_sides(self, trade: Trade) -> None:
        trade.programme.moods = ["closes"]
        exchange = trade.begun("export", 600)
        trade.advance(exchange)
        let_go(trade, exchange)
        assert trade.balance() == (5_000, 0)
        trade.later(seconds=11)
        assert trade.row(exchange)["state"] == "returning"
        trade.later(seconds=1)
        assert trade.row(exchange)["state"] == "returned"
        assert trade.programme.acts() == ["credit", "credit", "take-back"]
        assert trade.programme.balance == 900

    def test_setting_right_is_never_refused(self, trade: Trade) -> None:
        trade.programme.moods = ["closes", "done", "refused", "refused"]
        exchange = trade.begun("export", 600)
        trade.advance(exchange)
        let_go(trade, exchange)
        for _ in range(4):
            trade.later(hours=1)
        assert trade.row(exchange)["state"] == "returned"
        assert trade.programme.acts()[2:] == ["take-back"] * 3

    def test_waits_for_a_partner_that_is_suspended(self, trade: Trade) -> None:
        exchange = trade.begun("export", 600)
        trade.owner.execute(
            "UPDATE exchange.party SET state = 'suspended' WHERE id = %s", (trade.airline.party,)
        )
        trade.advance(exchange)
        assert trade.row(exchange)["state"] == "asked"
        trade.owner.execute("UPDATE exchange.party SET state = 'open'")
        trade.later(seconds=11)
        assert trade.row(exchange)["state"] == "done"
        assert trade.programme.balance == 900 + 179

    def test_pauses_grow_to_an_hour(self, trade: Trade) -> None:
        trade.programme.mood = "500"
        exchange = trade.begun("export", 600)
        pauses = []
        for _ in range(12):
            trade.advance(exchange)
            row = trade.row(exchange)
            pauses.append((row["ask_at"] - row["last_asked_at"]).total_seconds())
            trade.clock.ahead += row["ask_at"] - trade.clock() + timedelta(seconds=1)
        assert pauses[:4] == [10, 20, 40, 80]
        assert pauses[-1] == 3600
        assert trade.balance() == (4_401, 599)


class TestImporting:
    def test_done(self, trade: Trade) -> None:
        exchange = trade.done("import", 30)
        assert trade.balance() == (5_100, 0)
        assert trade.programme.balance == 870
        assert trade.programme.acts() == ["debit"]
        assert trade.row(exchange)["journal_id"] is not None

    def test_refused(self, trade: Trade) -> None:
        trade.programme.mood = "refused"
        exchange = trade.begun("import", 30)
        trade.advance(exchange)
        assert trade.row(exchange)["state"] == "returned"
        assert trade.balance() == (5_000, 0)

    def test_at_its_quote_however_late_the_answer(self, trade: Trade) -> None:
        trade.programme.moods = ["500"] * 3
        exchange = trade.begun("import", 30)
        for _ in range(4):
            trade.later(hours=2)
        assert trade.row(exchange)["state"] == "done"
        assert trade.balance() == (5_100, 0)

    @pytest.mark.parametrize(
        ("breaking", "reason"),
        [
            ("UPDATE exchange.link SET active = false WHERE id = %(link)s", "member-not-found"),
            (
                "UPDATE exchange.party SET state = 'suspended' WHERE id = %(party)s",
                "partner-not-active",
            ),
            ("UPDATE partners.terms SET cap = 0 WHERE party_id = %(party)s", "position-limit"),
        ],
    )
    def test_what_the_books_cannot_take_is_given_back(
        self, trade: Trade, breaking: str, reason: str
    ) -> None:
        exchange = trade.begun("import", 30)
        row = trade.row(exchange)
        trade.owner.execute(breaking, {"link": row["link_id"], "party": row["party_id"]})
        trade.advance(exchange)
        row = trade.row(exchange)
        assert (row["state"], row["reason"]) == ("returning", reason)
        trade.later(seconds=1)
        assert trade.row(exchange)["state"] == "returned"
        assert trade.programme.acts() == ["debit", "give-back"]
        assert trade.programme.balance == 900
        assert trade.balance() == (5_000, 0)


class TestUndoing:
    def test_an_export(self, trade: Trade) -> None:
        exchange = trade.done("export", 600)
        trade.undo(exchange)
        trade.undo(exchange)
        assert trade.balance() == (4_401, 0)  # Not before the partner has taken its own back.
        trade.later(seconds=1)
        assert trade.row(exchange)["state"] == "undone"
        assert trade.balance() == (5_000, 0)
        assert trade.programme.balance == 900
        trade.undo(exchange)
        assert trade.later(days=1) == 0
        assert trade.journals("refund") == 1

    def test_an_import(self, trade: Trade) -> None:
        exchange = trade.done("import", 30)
        trade.programme.moods = ["500", "refused"]
        trade.undo(exchange)
        assert trade.balance() == (5_000, 0)
        for _ in range(3):
            assert trade.row(exchange)["state"] == "undoing"
            trade.later(minutes=2)
        assert trade.row(exchange)["state"] == "undone"
        assert trade.programme.balance == 900
        assert trade.journals("clawback") == 1

    def test_not_when_it_was_spent(self, trade: Trade) -> None:
        exchange = trade.done("import", 300)
        shop = trade.coalition.partner("shop")
        assert shop.redeem(shop.link(trade.bank, trade.member), 5_500).status == 201
        with pytest.raises(UndoRefused) as refused:
            trade.undo(exchange)
        assert refused.value.facts["why"] == "spent"
        assert trade.row(exchange)["state"] == "done"
        assert trade.programme.balance == 600

    def test_not_when_the_partner_cannot(self, trade: Trade) -> None:
        exchange = trade.done("export", 600)
        trade.programme.mood = "refused"
        trade.undo(exchange)
        trade.later(seconds=1)
        row = trade.row(exchange)
        assert (row["state"], row["undo_refused"]) == ("done", "not-enough")
        assert trade.balance() == (4_401, 0)
        with pytest.raises(UndoRefused) as refused:
            trade.undo(exchange)
        assert refused.value.facts["why"] == "refused"

    def test_not_too_late(self, trade: Trade) -> None:
        exchange = trade.done("export", 600)
        trade.clock.ahead += timedelta(days=UNDO_DAYS)
        with pytest.raises(UndoRefused) as refused:
            trade.undo(exchange)
        assert refused.value.facts["why"] == "late"

    def test_not_when_nothing_was_agreed(self, trade: Trade) -> None:
        trade.owner.execute("UPDATE exchange.rate SET undo_days = 0")
        exchange = trade.done("export", 600)
        with pytest.raises(UndoRefused) as refused:
            trade.undo(exchange)
        assert refused.value.facts["why"] == "never"

    def test_not_before_it_is_done(self, trade: Trade) -> None:
        with pytest.raises(UndoRefused):
            trade.undo(trade.begun("export", 600))

    def test_not_in_a_frozen_wallet(self, trade: Trade) -> None:
        exchange = trade.done("import", 30)
        with trade.database.transaction() as session:
            freezing.freeze(session, trade.wallet)
        with pytest.raises(WalletFrozen):
            trade.undo(exchange)

    def test_not_anothers(self, trade: Trade) -> None:
        exchange = trade.done("export", 600)
        with (
            pytest.raises(ExchangeNotFound),
            trade.database.transaction() as session,
        ):
            exchanging.undo(session, exchange, wallet=trade.wallet + 1, now=trade.clock())

    def test_what_the_partner_refunded_itself_is_not_refunded_twice(self, trade: Trade) -> None:
        exchange = trade.done("export", 600)
        journal = to_text("jrn", UUID(str(trade.row(exchange)["journal_id"])))
        refund = trade.airline.call(
            "POST", "/v1/refunds", {"transaction": journal, "reference": "own", "points": 200}
        )
        assert refund.status == 201
        trade.undo(exchange)
        trade.later(seconds=1)
        assert trade.row(exchange)["state"] == "undone"
        assert trade.balance() == (5_000, 0)


def test_round_and_round_gains_nothing(trade: Trade) -> None:
    """Out and in again, many times: neither side has more than it had."""
    before = 3 * trade.balance()[0] + 10 * trade.programme.balance
    for amount in (503, 507, 600, 999):
        out = trade.row(trade.done("export", amount))["theirs"]
        trade.done("import", out // 3 * 3)
        assert 3 * trade.balance()[0] + 10 * trade.programme.balance < before


def test_a_silent_partner_keeps_nobody_waiting(trade: Trade) -> None:
    trade.programme.mood = "500"
    for _ in range(3):
        trade.begun("export", 600)
    trade.later(seconds=1)
    assert len(trade.programme.calls) == 1  # It is left alone until the next run.
