"""What is told goes to those alive who want to hear it, once; and it holds nobody's name."""

import threading
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from members import enrolment
from members.notices import choices, kinds, notify, notify_owner, telling, unread
from members.people import erasing
from tests.books import Books
from tests.members.known import Known, erase, know, notices
from tests.members.visitor import SECRETS

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def known(books: Books) -> Known:
    return know(books)


def tell(books: Books, known: Known, kind: str, **facts: Any) -> None:
    with books.database.transaction() as session:
        notify(session, known.person, kind, now=NOW, **facts)


class TestNotify:
    def test_a_notice_waits_in_the_inbox_and_to_be_sent(self, books: Books, known: Known) -> None:
        tell(books, known, "new-device", device="Chrome, Windows")
        (notice,) = notices(books, known)
        assert (notice.kind, notice.facts) == ("new-device", {"device": "Chrome, Windows"})
        assert (notice.inbox, notice.state, notice.at, notice.due_at) == (True, "waiting", NOW, NOW)
        with books.database.transaction() as session:
            assert unread(session, known.person) == 1

    def test_the_same_thing_is_told_once(self, books: Books, known: Known) -> None:
        gift = uuid4()
        for _ in range(2):
            tell(books, known, "gift-accepted", points=800, gift=gift)
        tell(books, known, "gift-returned", points=800, gift=gift)
        tell(books, known, "gift-accepted", points=800, gift=uuid4())
        assert len(notices(books, known)) == 3

    def test_the_erased_and_strangers_are_told_nothing(self, books: Books, known: Known) -> None:
        erase(books, known, NOW)
        tell(books, known, "frozen")
        tell(books, Known(uuid4(), 0, ""), "frozen")
        assert books.rows("SELECT FROM members.notice") == []

    @pytest.mark.parametrize(
        ("kind", "facts"),
        [
            ("gossip", {}),
            ("spend", {"points": 1, "party": 3}),
            ("frozen", {"by": "Wang"}),
            ("gift-accepted", {"points": "800", "gift": UUID(int=1)}),
            ("credit", {"points": True, "party": 3, "journal": UUID(int=1)}),
        ],
    )
    def test_refuses_what_no_kind_says(
        self, books: Books, known: Known, kind: str, facts: dict[str, Any]
    ) -> None:
        with pytest.raises(TypeError, match="notice"):
            tell(books, known, kind, **facts)
        assert notices(books, known) == []

    def test_goes_only_where_it_is_wanted(self, books: Books, known: Known) -> None:
        with books.database.transaction() as session:
            wanted = choices.Choice(
                no_inbox=frozenset({"gifts", "family"}),
                no_message=frozenset({"gifts", "freezing"}),
            )
            choices.choose(session, known.person, wanted)
            assert choices.of(session, known.person) == wanted
        tell(books, known, "gift-accepted", points=1, gift=uuid4())
        tell(books, known, "family-invitation")
        tell(books, known, "frozen", holds=2)
        told = {n.kind: (n.inbox, n.state) for n in notices(books, known)}
        assert told == {"family-invitation": (False, "waiting"), "frozen": (True, "none")}

    def test_whoever_is_being_erased_is_told_nothing(self, books: Books, known: Known) -> None:
        telling_ended = threading.Event()

        def tell_late() -> None:
            tell(books, known, "frozen")
            telling_ended.set()

        late = threading.Thread(target=tell_late)
        with books.database.transaction() as session:
            erasing.erase(session, known.person, NOW)
            late.start()
            assert not telling_ended.wait(0.3)  # It waits for the outcome.
        late.join()
        assert telling_ended.is_set()
        assert notices(books, known) == []

    def test_finds_whose_wallet_it_is(self, books: Books, known: Known) -> None:
        with books.database.transaction() as session:
            for wallet in (known.wallet, books.wallet()):
                notify_owner(session, wallet, "frozen", now=NOW)
        assert [n.person_id for n in books.rows("SELECT * FROM members.notice")] == [known.person]

    def test_is_undone_with_what_happened(self, books: Books, known: Known) -> None:
        def fail() -> None:
            with books.database.transaction() as session:
                notify(session, known.person, "frozen")
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert notices(books, known) == []


class TestChoices:
    def test_nothing_is_switched_off_to_begin_with(self, books: Books, known: Known) -> None:
        with books.database.transaction() as session:
            assert choices.of(session, known.person) == choices.Choice()
            assert choices.Choice().large_spend == 1_000

    @pytest.mark.parametrize("topic", sorted(kinds.SECURITY))
    def test_security_stays_in_the_inbox(self, books: Books, known: Known, topic: str) -> None:
        with books.database.transaction() as session:
            choices.choose(
                session, known.person, choices.Choice(no_inbox=frozenset({topic, "gifts"}))
            )
            assert choices.of(session, known.person).no_inbox == {"gifts"}
        with pytest.raises(IntegrityError), books.database.transaction() as session:
            choices.store.choose(
                session,
                known.person,
                {"no_inbox": [topic], "no_message": [], "large_spend": 1},
            )

    def test_unknown_topics_are_dropped(self, books: Books, known: Known) -> None:
        with books.database.transaction() as session:
            choices.choose(session, known.person, choices.Choice(no_message=frozenset({"x"})))
            assert choices.of(session, known.person) == choices.Choice()

    def test_the_erased_choose_nothing(self, books: Books, known: Known) -> None:
        erase(books, known, NOW)
        with books.database.transaction() as session:
            choices.choose(session, known.person, choices.Choice(large_spend=5))
        assert books.rows("SELECT FROM members.notice_choice") == []


def test_erasing_forgets(books: Books, known: Known) -> None:
    other = know(books)
    for each in (known, other):
        tell(books, each, "frozen")
        with books.database.transaction() as session:
            choices.choose(session, each.person, choices.Choice(large_spend=5))
    with books.database.transaction() as session:
        telling.forget(session, known.person)
    assert notices(books, known) == []
    assert len(notices(books, other)) == 1
    assert len(books.rows("SELECT FROM members.notice_choice")) == 1


def test_unread_counts_no_further_than_anybody_reads(books: Books, known: Known) -> None:
    books.owner.execute(
        "INSERT INTO members.notice (id, person_id, kind, facts, at, inbox, state)"
        " SELECT gen_random_uuid(), %s, 'frozen', '{}', now(), true, 'none'"
        " FROM generate_series(1, 150)",
        (known.person,),
    )
    with books.database.transaction() as session:
        assert unread(session, known.person) == 100


def test_what_is_written_is_read_again() -> None:
    facts = {"points": 3, "day": date(2026, 12, 31), "left": 39}
    assert kinds.read("expiry", kinds.written("expiry", facts)) == facts
    gift = {"points": 3, "gift": uuid4(), "until": NOW}
    assert kinds.read("gift-received", kinds.written("gift-received", gift)) == gift


def test_a_brand_that_is_linked_is_told_of(books: Books, known: Known) -> None:
    market, token = books.party(), "a link token"
    books.owner.execute(
        "INSERT INTO members.link_token (digest, member_id, issued_to, expires_at)"
        " SELECT %s, member_id, %s, %s FROM members.person",
        (SECRETS.digest("link-token", token), market, NOW + timedelta(minutes=5)),
    )
    other = books.party()
    with books.database.transaction() as session:
        enrolment.link(
            session,
            party=other,
            token=token,
            reference=None,
            consent=enrolment.Consent(),
            secrets_=SECRETS,
            now=NOW,
        )
    assert [(n.kind, n.facts) for n in notices(books, known)] == [("linked", {"party": other})]
