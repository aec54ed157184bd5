"""Gifts: what each step moves, and what it refuses, in the order of the docstrings."""

from datetime import UTC, datetime, timedelta

import pytest

from exchange.errors import InsufficientPoints, WalletFrozen
from kit.ids import uuid7
from members.giving import gifts, limits
from members.giving.errors import (
    GiftNotFound,
    GiftOver,
    GiveLimit,
    GiverFrozen,
    OwnNumber,
    TooManyWaiting,
)
from tests.members.giving.people import SECRETS


class TestGive:
    def test_takes_the_points_at_once_and_keeps_issuer_and_date(self, people, books):
        giver, recipient = people.person(300, expires_on="2098-01-31"), people.person()
        gift = people.give(giver, recipient, 120)
        assert people.available(giver) == 180
        assert people.available(recipient) == 0
        [lot] = books.lots(people.escrow(gift))
        assert (lot.available, lot.issuer_id, str(lot.expires_on)) == (
            120,
            people.issuer,
            "2098-01-31",
        )

    def test_waits_for_three_days_with_its_words_sealed(self, people, books):
        giver = people.person(300)
        given_at = people.now()
        gift = people.give(giver, people.number(), note="for tea", at=given_at)
        seen = people.gift(gift)
        assert (seen.state, seen.expires_at) == ("waiting", given_at + timedelta(days=3))
        assert (seen.to, seen.sender, seen.note) == ("139****0000", "138****1111", "for tea")
        [row] = books.rows("SELECT sealed::text FROM members.gift WHERE id = %s", gift)
        assert "tea" not in row.sealed
        assert "139" not in row.sealed

    def test_confirmed_twice_it_is_given_once(self, people):
        giver, recipient, token = people.person(300), people.person(), uuid7()
        first = people.give(giver, recipient, 100, id_=token)
        assert people.give(giver, recipient, 100, id_=token) == first == token
        assert people.available(giver) == 200

    def test_refuses_the_token_of_somebody_elses_gift(self, people):
        token = people.give(people.person(300), people.number())
        with pytest.raises(GiftNotFound):
            people.give(people.person(300), people.number(), id_=token)

    def test_refuses_in_this_order(self, people, books):
        giver = people.person(50)
        books.freeze(giver.wallet)
        gift = {"points": 100, "daily_limit": 99}
        with pytest.raises(OwnNumber):
            people.give(giver, giver, **gift)
        with pytest.raises(GiveLimit) as caught:
            people.give(giver, people.number(), **gift)
        assert caught.value.facts == {"left": 99}
        gift["daily_limit"] = 100
        with pytest.raises(WalletFrozen):
            people.give(giver, people.number(), **gift)
        books.freeze(giver.wallet, frozen=False)
        with pytest.raises(InsufficientPoints) as short:
            people.give(giver, people.number(), **gift)
        assert short.value.facts["available"] == 50
        people.give(giver, people.number(), 50)

    def test_refuses_a_twenty_first_that_waits(self, people):
        giver = people.person(300)
        first = people.give(giver, people.number(), 1)
        for _ in range(gifts.MOST_WAITING - 1):
            people.give(giver, people.number(), 1)
        with pytest.raises(TooManyWaiting):
            people.give(giver, people.number(), 1)
        people.take_back(first, giver)
        people.give(giver, people.number(), 1)

    def test_refuses_a_refused_gift_without_a_trace(self, people, books):
        wallets = books.rows("SELECT count(*) FROM exchange.wallet")
        giver = people.person(50)
        with pytest.raises(InsufficientPoints):
            people.give(giver, people.number(), 51)
        assert books.rows("SELECT count(*) FROM exchange.wallet")[0][0] == wallets[0][0] + 1
        assert people.available(giver) == 50

    def test_takes_no_points_that_are_pending(self, people, books):
        giver = people.person()
        books.issue(people.issuer, giver.wallet, 100, spendable_from="2098-01-01")
        with pytest.raises(InsufficientPoints):
            people.give(giver, people.number(), 1)


class TestLimit:
    def test_counts_what_was_given_today_and_did_not_come_back(self, people):
        giver, recipient = people.person(1000), people.person()
        back = people.give(giver, recipient, 300)
        accepted = people.give(giver, recipient, 200)
        people.accept(accepted, recipient)
        purse = people.purse(giver)
        people.contribute(purse, giver, 100)
        with people.transaction() as session:
            left = limits.left_today(session, giver.id, 1000, people.now())
        assert left == 400
        people.decline(back, recipient)
        with people.transaction() as session:
            left = limits.left_today(session, giver.id, 1000, people.now())
        assert left == 700

    def test_begins_anew_at_midnight_of_the_hubs_zone(self, people, books):
        books.settings(zone="Asia/Shanghai")
        giver = people.person(1000)
        midnight = datetime(2026, 11, 22, 16, tzinfo=UTC)
        people.give(giver, people.number(), 300, at=midnight - timedelta(seconds=1))
        with people.transaction() as session:
            before = limits.left_today(
                session, giver.id, 1000, midnight - timedelta(microseconds=1)
            )
            after = limits.left_today(session, giver.id, 1000, midnight)
        assert (before, after) == (700, 1000)


class TestAccept:
    def test_moves_the_lots_as_they_are(self, people, books):
        giver, recipient = people.person(100, expires_on="2098-01-31"), people.person()
        books.issue(people.issuer, giver.wallet, 50, expires_on="2097-01-31")
        gift = people.give(giver, recipient, 120)
        assert people.accept(gift, recipient) == 120
        assert [(str(lot.expires_on), lot.available) for lot in books.lots(recipient.wallet)] == [
            ("2097-01-31", 50),
            ("2098-01-31", 70),
        ]
        seen = people.gift(gift)
        assert (seen.state, seen.moved) == ("accepted", 120)
        assert books.balance(people.escrow(gift)) == (0, 0)

    def test_accepted_twice_it_moves_once(self, people):
        giver, recipient = people.person(300), people.person()
        gift = people.give(giver, recipient, 100)
        assert [people.accept(gift, recipient) for _ in range(2)] == [100, 100]
        assert people.available(recipient) == 100

    def test_an_unknown_number_may_sign_up_and_accept(self, people):
        giver, number = people.person(300), people.number()
        gift = people.give(giver, number, 100)
        late = people.person(number=number)
        people.accept(gift, late)
        assert people.available(late) == 100

    def test_refuses_everybody_else_as_if_it_were_not_there(self, people):
        giver, recipient, stranger = people.person(300), people.person(), people.person()
        gift = people.give(giver, recipient)
        for nobody in (giver, stranger):
            with pytest.raises(GiftNotFound):
                people.accept(gift, nobody)
        with pytest.raises(GiftNotFound):
            people.accept(uuid7(), recipient)
        people.accept(gift, recipient)
        with pytest.raises(GiftNotFound):
            people.accept(gift, stranger)

    def test_refuses_when_the_time_is_over_though_no_job_came_by(self, people):
        giver, recipient = people.person(300), people.person()
        given_at = people.now()
        gift = people.give(giver, recipient, at=given_at)
        with pytest.raises(GiftOver):
            people.accept(gift, recipient, at=given_at + gifts.WAITS)
        people.accept(gift, recipient, at=given_at + gifts.WAITS - timedelta(microseconds=1))

    def test_refuses_what_went_back(self, people):
        giver, recipient = people.person(300), people.person()
        gift = people.give(giver, recipient)
        people.decline(gift, recipient)
        with pytest.raises(GiftOver) as caught:
            people.accept(gift, recipient)
        assert caught.value.facts == {"state": "declined"}
        taken_back = people.give(giver, recipient)
        people.take_back(taken_back, giver)
        with pytest.raises(GiftNotFound):
            people.accept(taken_back, recipient)

    def test_a_frozen_recipient_may_accept(self, people, books):
        giver, recipient = people.person(300), people.person()
        gift = people.give(giver, recipient, 100)
        books.freeze(recipient.wallet)
        assert people.accept(gift, recipient) == 100

    def test_a_frozen_givers_gift_waits_for_the_thaw(self, people, books):
        giver, recipient = people.person(300), people.person()
        gift = people.give(giver, recipient, 100)
        books.freeze(giver.wallet)
        with pytest.raises(GiverFrozen):
            people.accept(gift, recipient)
        books.freeze(giver.wallet, frozen=False)
        assert people.accept(gift, recipient) == 100

    def test_a_frozen_giver_gets_it_back_all_the_same(self, people, books):
        giver = people.person(300)
        first, second = (people.give(giver, people.number(), 100) for _ in range(2))
        books.freeze(giver.wallet)
        assert people.take_back(first, giver) == 100
        assert people.bring_back() == 1
        assert people.available(giver) == 300
        assert people.gift(second).state == "lapsed"

    def test_takes_what_is_left_when_a_lot_expired_on_the_way(self, people, books):
        giver, recipient = people.person(100, expires_on="2098-01-31"), people.person()
        books.issue(people.issuer, giver.wallet, 50, expires_on="2097-01-31")
        gift = people.give(giver, recipient, 120)
        books.post(
            "lot-expiry", wallet=people.escrow(gift), moment=datetime(2097, 3, 1, tzinfo=UTC)
        ).unwrap()
        assert people.accept(gift, recipient) == 70
        assert people.gift(gift).moved == 70

    def test_ends_with_nothing_when_all_of_it_expired(self, people, books):
        giver, recipient = people.person(100, expires_on="2097-01-31"), people.person()
        gift = people.give(giver, recipient, 100)
        books.post(
            "lot-expiry", wallet=people.escrow(gift), moment=datetime(2097, 3, 1, tzinfo=UTC)
        ).unwrap()
        assert people.accept(gift, recipient) == 0
        assert people.available(recipient) == 0

    def test_sweeps_what_expired_and_no_job_came_by(self, people, books, owner):
        """Such a lot can neither be moved nor stay in a gift that has ended."""
        giver, recipient = people.person(100, expires_on="2098-01-31"), people.person()
        gift = people.give(giver, recipient, 100)
        for table in ("lot", "posting"):
            owner.execute(f"UPDATE exchange.{table} SET expires_on = '2026-11-01'")
        assert people.accept(gift, recipient) == 0
        assert books.balance(people.escrow(gift)) == (0, 0)
        for table in ("lot", "posting"):
            owner.execute(f"UPDATE exchange.{table} SET expires_on = '2098-01-31'")


class TestDeclineAndTakeBack:
    def test_give_back_to_the_giver(self, people):
        giver, recipient = people.person(300), people.person()
        declined = people.give(giver, recipient, 100)
        taken_back = people.give(giver, recipient, 50)
        assert people.decline(declined, recipient) == 100
        assert people.take_back(taken_back, giver) == 50
        assert people.available(giver) == 300
        assert (people.gift(declined).state, people.gift(taken_back).state) == (
            "declined",
            "taken_back",
        )

    def test_done_twice_is_done_once(self, people):
        giver, recipient = people.person(300), people.person()
        declined, taken_back = (people.give(giver, recipient, 100) for _ in range(2))
        assert [people.decline(declined, recipient) for _ in range(2)] == [100, 100]
        assert [people.take_back(taken_back, giver) for _ in range(2)] == [100, 100]
        assert people.available(giver) == 300

    def test_refuse_foreigners_as_if_it_were_not_there(self, people):
        giver, recipient, stranger = people.person(300), people.person(), people.person()
        gift = people.give(giver, recipient)
        with pytest.raises(GiftNotFound):
            people.decline(gift, stranger)
        for nobody in (recipient, stranger):
            with pytest.raises(GiftNotFound):
                people.take_back(gift, nobody)

    def test_refuse_what_was_accepted(self, people):
        giver, recipient = people.person(300), people.person()
        gift = people.give(giver, recipient)
        people.accept(gift, recipient)
        with pytest.raises(GiftOver):
            people.take_back(gift, giver)
        with pytest.raises(GiftOver):
            people.decline(gift, recipient)


class TestBringBack:
    def test_returns_what_nobody_took_in_time_once(self, people):
        giver, recipient = people.person(300), people.person()
        early = people.give(giver, recipient, 100, at=people.now() - timedelta(days=1))
        late = people.give(giver, people.number(), 100)
        assert people.bring_back(after=timedelta(days=2)) == 1
        assert people.available(giver) == 200
        assert (people.gift(early).state, people.gift(late).state) == ("lapsed", "waiting")
        assert people.bring_back(after=timedelta(days=2)) == 0

    def test_forgets_the_number(self, people, books):
        gift = people.give(people.person(300), people.number())
        people.bring_back()
        [row] = books.rows("SELECT phone_index FROM members.gift WHERE id = %s", gift)
        assert row.phone_index is None


class TestSeenBy:
    def test_a_giver_sees_no_difference_between_known_and_unknown_numbers(self, people):
        giver = people.person(300)
        known, unknown = people.give(giver, people.person()), people.give(giver, people.number())
        people.bring_back()

        def seen(gift):
            shown = people.gift(gift)
            return (shown.state, shown.moved, shown.to, shown.points, shown.sender, shown.note)

        assert seen(known) == seen(unknown)

    def test_recipient_and_giver_see_it_and_nobody_else(self, people):
        giver, recipient, stranger = people.person(300), people.person(), people.person()
        gift = people.give(giver, recipient)
        with people.transaction() as session:
            look = {"secrets_": SECRETS, "now": people.now()}
            assert gifts.seen_by(session, gift, giver.id, **look)[1] is True
            assert gifts.seen_by(session, gift, recipient.id, **look)[1] is False
            for nobody, asked in ((stranger.id, gift), (giver.id, uuid7())):
                with pytest.raises(GiftNotFound):
                    gifts.seen_by(session, asked, nobody, **look)
            assert [one.id for one in gifts.incoming(session, recipient.id, **look)] == [gift]
            assert gifts.incoming(session, stranger.id, **look) == []

    def test_previews_the_lots_that_go(self, people, books):
        giver = people.person(100, expires_on="2098-01-31")
        books.issue(people.issuer, giver.wallet, 50, expires_on="2097-01-31")
        with people.transaction() as session:
            lots = gifts.lots_that_go(session, giver.wallet, 120, people.now())
        assert [(str(lot.expires_on), lot.points) for lot in lots] == [
            ("2097-01-31", 50),
            ("2098-01-31", 70),
        ]
        gift = people.give(giver, people.number(), 120)
        with people.transaction() as session:
            assert gifts.lots_of(session, gift) == lots


class TestErased:
    def test_an_erased_givers_gift_can_be_accepted_and_names_nobody(self, people):
        giver, recipient = people.person(300), people.person()
        gift = people.give(giver, recipient, 100, note="for tea")
        people.erase(giver)
        with people.transaction() as session:
            [seen] = gifts.incoming(session, recipient.id, secrets_=SECRETS, now=people.now())
        assert (seen.sender, seen.note) == ("", "")
        assert people.accept(gift, recipient) == 100

    def test_what_nobody_accepts_is_lost_in_the_frozen_wallet(self, people):
        giver = people.person(300)
        people.give(giver, people.number(), 100)
        people.erase(giver)
        assert people.bring_back() == 1
        assert people.available(giver) == 300

    def test_an_erased_recipients_gift_waits_for_the_number(self, people):
        giver, recipient = people.person(300), people.person()
        gift = people.give(giver, recipient, 100)
        people.erase(recipient)
        with pytest.raises(GiftNotFound):
            people.accept(gift, recipient)
        anew = people.person(number=recipient.number)
        assert people.accept(gift, anew) == 100
