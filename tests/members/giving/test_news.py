"""People are told of what waits for them, once, whether they were here or came later."""

from members.giving import gifts
from members.giving.news import announce
from members.notices import unread


def told(people, person):
    with people.transaction() as session:
        return unread(session, person.id)


def kinds(people, person):
    rows = people.books.rows("SELECT kind FROM members.notice WHERE person_id = %s", person.id)
    return sorted(row.kind for row in rows)


class TestAnnounce:
    def test_tells_of_gifts_and_invitations_once(self, people):
        giver, recipient = people.person(300), people.person()
        people.give(giver, recipient, 100)
        people.invite(people.purse(giver), giver, recipient)
        assert [announce(people.database, people.now()) for _ in range(2)] == [2, 0]
        assert kinds(people, recipient) == ["family-invitation", "gift-received"]
        assert told(people, giver) == 0

    def test_tells_who_signs_up_within_the_three_days(self, people):
        number = people.number()
        people.give(people.person(300), number, 100)
        assert announce(people.database, people.now()) == 0
        late = people.person(number=number)
        assert announce(people.database, people.now()) == 1
        assert told(people, late) == 1

    def test_tells_of_nothing_whose_time_is_over(self, people):
        people.give(people.person(300), people.person(), 100)
        assert announce(people.database, people.now() + gifts.WAITS) == 0


class TestGiver:
    def test_is_told_what_became_of_a_gift_but_not_of_what_was_taken_back(self, people):
        giver, recipient = people.person(1000), people.person()
        people.accept(people.give(giver, recipient, 100), recipient)
        people.decline(people.give(giver, recipient, 100), recipient)
        people.take_back(people.give(giver, recipient, 100), giver)
        people.give(giver, recipient, 100)
        people.bring_back()
        assert kinds(people, giver) == ["gift-accepted", "gift-returned", "gift-returned"]

    def test_the_erased_are_told_nothing(self, people):
        giver, recipient = people.person(1000), people.person()
        gift = people.give(giver, recipient, 100)
        people.erase(giver)
        people.accept(gift, recipient)
        assert kinds(people, giver) == []
