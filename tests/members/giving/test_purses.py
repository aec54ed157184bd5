"""Family purses: who is in, what each may pay, what goes in and comes back."""

from datetime import timedelta

import pytest

from exchange import freezing
from exchange.errors import InsufficientPoints, WalletFrozen
from kit.ids import uuid7
from members.giving import gifts, joining, purses
from members.giving.errors import (
    GiveLimit,
    InPurseAlready,
    InvitationNotFound,
    NotTheOpener,
    OpenerStays,
    OwnNumber,
    PurseFull,
    PurseNotFound,
)
from members.giving.news import tidy
from tests.members.giving.people import SECRETS


@pytest.fixture
def family(people):
    """A purse of 600 points that its opener put in, with a child that may spend 200 a day."""
    opener, child = people.person(1000), people.person(100)
    purse = people.purse(opener)
    people.join(purse, opener, child, 200)
    people.contribute(purse, opener, 600)
    return purse, opener, child


def choices(people, person):
    with people.transaction() as session:
        return purses.spendable(session, person.id, secrets_=SECRETS, now=people.now())


def in_purse(people, purse):
    with people.transaction() as session:
        found = joining.members(session, purse, people.purse_wallet(purse), people.now())
    return {each.person: each for each in found}


class TestOpen:
    def test_has_one_member_with_no_limit_and_a_sealed_name(self, people, books):
        opener = people.person()
        purse = people.purse(opener, "Our home")
        assert list(in_purse(people, purse)) == [opener.id]
        [choice] = choices(people, opener)
        assert (choice.purse, choice.name, choice.left_today) == (purse, "Our home", 0)
        [row] = books.rows("SELECT sealed::text FROM members.purse")
        assert "home" not in row.sealed

    def test_confirmed_twice_it_is_opened_once(self, people, books):
        opener, token = people.person(), uuid7()
        for _ in range(2):
            with people.transaction() as session:
                purses.open_(
                    session,
                    id_=token,
                    person=opener.id,
                    name="Home",
                    secrets_=SECRETS,
                    now=people.now(),
                )
        assert len(choices(people, opener)) == 1

    def test_refuses_the_token_of_somebody_elses_purse(self, people):
        token = people.purse(people.person())
        with people.transaction() as session, pytest.raises(PurseNotFound):
            purses.open_(
                session,
                id_=token,
                person=people.person().id,
                name="Home",
                secrets_=SECRETS,
                now=people.now(),
            )


class TestInvite:
    def test_a_member_joins_with_the_limit_it_was_invited_with(self, people, family):
        purse, _, child = family
        assert in_purse(people, purse)[child.id].limit == 200
        assert [choice.left_today for choice in choices(people, child)] == [200]

    def test_an_unknown_number_may_sign_up_and_join(self, people, family):
        purse, opener, _ = family
        number = people.number()
        people.invite(purse, opener, number)
        late = people.person(number=number)
        with people.transaction() as session:
            joining.join(session, people.invitation(late), person=late.id, now=people.now())
        assert late.id in in_purse(people, purse)

    def test_refuses_in_this_order(self, people, family, monkeypatch):
        purse, opener, child = family
        monkeypatch.setattr(joining, "MOST", 2)
        with pytest.raises(PurseNotFound):
            people.invite(purse, people.person(), people.number())
        with pytest.raises(NotTheOpener):
            people.invite(purse, child, people.number())
        with pytest.raises(OwnNumber):
            people.invite(purse, opener, opener)
        with pytest.raises(InPurseAlready):
            people.invite(purse, opener, child)
        with pytest.raises(PurseFull):
            people.invite(purse, opener, people.number())
        monkeypatch.setattr(joining, "MOST", 3)
        people.invite(purse, opener, number := people.number())
        with pytest.raises(InPurseAlready):
            people.invite(purse, opener, number)

    def test_only_the_number_it_waits_for_may_answer(self, people, family):
        purse, opener, _ = family
        guest, stranger = people.person(), people.person()
        people.invite(purse, opener, guest)
        invitation = people.invitation(guest)
        for act in (joining.join, joining.decline):
            with people.transaction() as session, pytest.raises(InvitationNotFound):
                act(session, invitation, person=stranger.id, now=people.now())
            with people.transaction() as session, pytest.raises(InvitationNotFound):
                act(session, uuid7(), person=guest.id, now=people.now())
        with people.transaction() as session:
            joining.decline(session, invitation, person=guest.id, now=people.now())
        with people.transaction() as session, pytest.raises(InvitationNotFound):
            joining.join(session, invitation, person=guest.id, now=people.now())

    def test_joined_twice_one_is_in_it_once(self, people, family):
        purse, opener, _ = family
        guest = people.person()
        people.invite(purse, opener, guest)
        invitation = people.invitation(guest)
        for _ in range(2):
            with people.transaction() as session:
                found = joining.join(session, invitation, person=guest.id, now=people.now())
                assert found == purse
        assert len(in_purse(people, purse)) == 3

    def test_lapses_after_three_days_and_can_be_withdrawn(self, people, family):
        purse, opener, _ = family
        guest = people.person()
        people.invite(purse, opener, guest)
        invitation = people.invitation(guest)
        with people.transaction() as session, pytest.raises(InvitationNotFound):
            joining.join(session, invitation, person=guest.id, now=people.now() + gifts.WAITS)
        assert tidy(people.database, people.now() + gifts.WAITS) == 1
        people.invite(purse, opener, guest)
        again = people.invitation(guest)
        with people.transaction() as session:
            joining.withdraw(session, purse, again, opener=opener.id, now=people.now())
        with people.transaction() as session, pytest.raises(InvitationNotFound):
            joining.join(session, again, person=guest.id, now=people.now())


class TestMembership:
    def test_who_leaves_or_is_removed_pays_no_more_and_may_come_back(self, people, family):
        purse, opener, child = family
        for act in ("remove", "leave"):
            with people.transaction() as session:
                if act == "remove":
                    joining.remove(
                        session, purse, opener=opener.id, person=child.id, now=people.now()
                    )
                else:
                    joining.leave(session, purse, person=child.id, now=people.now())
            assert choices(people, child) == []
            with pytest.raises(PurseNotFound):
                people.allowance(purse, child)
            people.join(purse, opener, child, 150)
            assert people.allowance(purse, child) == 150

    def test_the_code_of_who_is_removed_or_limited_ends(self, people, family, books, owner):
        purse, opener, child = family
        shop = books.party()

        def shown():
            code = books.payment_code(people.purse_wallet(purse))
            owner.execute(
                "UPDATE exchange.payment_code SET spender = %s WHERE digest = %s",
                (child.id, bytes.fromhex(code)),
            )
            return code

        first = shown()
        with people.transaction() as session:
            joining.set_limit(
                session,
                purse,
                opener=opener.id,
                person=child.id,
                daily_limit=50,
            )
        assert people.allowance(purse, child) == 50
        assert books.post("redemption", party=shop, code=first, points=1).code is not None
        second = shown()
        with people.transaction() as session:
            joining.remove(session, purse, opener=opener.id, person=child.id, now=people.now())
        assert books.post("redemption", party=shop, code=second, points=1).code is not None

    def test_only_the_opener_decides_and_the_opener_stays(self, people, family):
        purse, opener, child = family
        stranger, now = people.person(), people.now()
        for nobody, error in ((child, NotTheOpener), (stranger, PurseNotFound)):
            with people.transaction() as session, pytest.raises(error):
                joining.remove(session, purse, opener=nobody.id, person=child.id, now=now)
            with people.transaction() as session, pytest.raises(error):
                joining.set_limit(session, purse, opener=nobody.id, person=child.id, daily_limit=1)
            with pytest.raises(error):
                people.close(purse, nobody)
        with people.transaction() as session, pytest.raises(OpenerStays):
            joining.leave(session, purse, person=opener.id, now=now)
        with people.transaction() as session, pytest.raises(OpenerStays):
            joining.remove(session, purse, opener=opener.id, person=opener.id, now=now)
        with people.transaction() as session, pytest.raises(PurseNotFound):
            joining.remove(session, purse, opener=opener.id, person=stranger.id, now=now)
        with people.transaction() as session, pytest.raises(PurseNotFound):
            purses.seen_by(session, purse, stranger.id, secrets_=SECRETS)


class TestContribute:
    def test_moves_points_once_for_each_token(self, people, family, books):
        purse, _, child = family
        token = uuid7()
        for _ in range(2):
            people.contribute(purse, child, 40, id_=token)
        assert people.available(child) == 60
        assert books.balance(people.purse_wallet(purse)) == (640, 0)
        assert in_purse(people, purse)[child.id].contributed == 40

    def test_refuses_in_this_order(self, people, family, books):
        purse, _, child = family
        books.freeze(child.wallet)
        with pytest.raises(PurseNotFound):
            people.contribute(purse, people.person(100), 40)
        with pytest.raises(GiveLimit):
            people.contribute(purse, child, 101, daily_limit=100)
        with pytest.raises(WalletFrozen):
            people.contribute(purse, child, 101)
        books.freeze(child.wallet, frozen=False)
        with pytest.raises(InsufficientPoints):
            people.contribute(purse, child, 101)

    def test_a_gift_and_a_contribution_share_the_days_limit(self, people, family):
        purse, _, child = family
        people.give(child, people.number(), 60, daily_limit=100)
        with pytest.raises(GiveLimit) as caught:
            people.contribute(purse, child, 41, daily_limit=100)
        assert caught.value.facts == {"left": 40}


class TestAllowance:
    def spend(self, people, books, owner, purse, spender, points, *, hold=False):
        code = books.payment_code(people.purse_wallet(purse))
        owner.execute(
            "UPDATE exchange.payment_code SET spender = %s WHERE digest = %s",
            (spender.id, bytes.fromhex(code)),
        )
        shop = books.party()
        kind = "authorisation" if hold else "redemption"
        outcome = books.post(kind, party=shop, code=code, points=points).unwrap()
        return shop, outcome["id"]

    def test_is_the_limit_less_what_this_person_used_today(self, people, family, books, owner):
        purse, opener, child = family
        self.spend(people, books, owner, purse, child, 120)
        assert people.allowance(purse, child) == 80
        assert people.allowance(purse, opener) == 480
        assert in_purse(people, purse)[child.id].used_today == 120
        with people.transaction() as session:
            tomorrow = people.now() + timedelta(days=1)
            assert purses.allowance(session, purse, child.id, tomorrow) == 200

    def test_a_hold_counts_until_it_lets_go(self, people, family, books, owner):
        purse, _, child = family
        shop, hold = self.spend(people, books, owner, purse, child, 120, hold=True)
        assert people.allowance(purse, child) == 80
        books.post("capture", party=shop, hold=hold, points=20).unwrap()
        assert people.allowance(purse, child) == 180

    def test_is_nothing_while_ones_own_wallet_is_frozen(self, people, family, books):
        purse, _, child = family
        books.freeze(child.wallet)
        assert people.allowance(purse, child) == 0
        assert choices(people, child) == []


class TestClose:
    def test_gives_what_is_left_to_the_opener_and_ends_everything(self, people, family, books):
        purse, opener, child = family
        people.contribute(purse, child, 40)
        people.invite(purse, opener, guest := people.person())
        code = books.payment_code(people.purse_wallet(purse))
        assert people.close(purse, opener) == 640
        assert people.available(opener) == 1040
        assert choices(people, opener) == choices(people, child) == []
        assert books.post("redemption", party=books.party(), code=code, points=1).code
        with people.transaction() as session:
            assert joining.invited(session, guest.id, secrets_=SECRETS, now=people.now()) == []
        assert people.close(purse, opener) == 0

    def test_what_comes_back_later_follows(self, people, family, books):
        purse, opener, _ = family
        shop, wallet = books.party(), people.purse_wallet(purse)
        sale = books.post(
            "redemption", party=shop, code=books.payment_code(wallet), points=50
        ).unwrap()["id"]
        hold = books.post(
            "authorisation", party=shop, code=books.payment_code(wallet), points=30
        ).unwrap()["id"]
        assert people.close(purse, opener) == 520
        books.post("refund", party=shop, undoes=sale, points=20).unwrap()
        books.post("void", party=shop, hold=hold).unwrap()
        assert purses.pay_back(people.database, people.now()) == 1
        assert people.available(opener) == 400 + 520 + 50
        assert books.balance(wallet) == (0, 0)
        assert purses.pay_back(people.database, people.now()) == 0


class TestErased:
    def test_an_openers_purse_goes_to_the_eldest_member(self, people, family):
        purse, opener, child = family
        people.erase(opener)
        [(person, left)] = in_purse(people, purse).items()
        assert (person, left.limit) == (child.id, None)
        assert people.close(purse, child) == 600

    def test_a_purse_without_another_member_is_closed(self, people, books):
        opener = people.person(100)
        purse = people.purse(opener)
        people.contribute(purse, opener, 60)
        people.erase(opener)
        assert people.available(opener) == 100
        assert books.balance(people.purse_wallet(purse)) == (0, 0)

    def test_a_member_is_gone_and_what_it_put_in_stays(self, people, family, books):
        purse, opener, child = family
        people.contribute(purse, child, 40)
        people.erase(child)
        assert list(in_purse(people, purse)) == [opener.id]
        assert books.balance(people.purse_wallet(purse)) == (640, 0)


class TestDoings:
    def test_say_who_put_in_and_who_paid(self, people, family, books, owner):
        purse, opener, child = family
        shop, wallet = books.party(), people.purse_wallet(purse)
        for kind, points in (("redemption", 20), ("authorisation", 30), ("authorisation", 40)):
            code = books.payment_code(wallet)
            owner.execute(
                "UPDATE exchange.payment_code SET spender = %s WHERE digest = %s",
                (child.id, bytes.fromhex(code)),
            )
            held = books.post(kind, party=shop, code=code, points=points).unwrap()["id"]
            if points == 30:
                books.post("capture", party=shop, hold=held).unwrap()
        with people.transaction() as session:
            seen = purses.seen_by(session, purse, opener.id, secrets_=SECRETS)
            doings = purses.doings(session, seen, before=None, limit=10)
            first, *_ = purses.doings(session, seen, before=doings[1].id, limit=1)
            gone = purses.doings(session, seen, before=uuid7(), limit=10)
        assert [(each.kind, each.points, each.person) for each in doings] == [
            ("held", -40, child.id),
            ("spent", -30, child.id),
            ("spent", -20, child.id),
            ("received", 600, opener.id),
        ]
        assert first.id == doings[2].id
        assert gone is None


class TestFreezing:
    def test_ends_the_codes_that_a_person_shows_of_purses(self, people, family, books, owner):
        purse, opener, child = family
        shop, wallet = books.party(), people.purse_wallet(purse)
        codes = {}
        for person in (opener, child):
            codes[person] = books.payment_code(wallet)
            owner.execute(
                "UPDATE exchange.payment_code SET spender = %s WHERE digest = %s",
                (person.id, bytes.fromhex(codes[person])),
            )
        with people.transaction() as session:
            purses.stop_codes(session, child.id)
            freezing.freeze(session, child.wallet)
        spend = {"party": shop, "points": 10}
        assert books.post("redemption", code=codes[child], **spend).code == "payment-code-invalid"
        assert books.post("redemption", code=codes[opener], **spend).code is None
