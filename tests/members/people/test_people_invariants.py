"""The checker finds what was changed of persons behind the hub's back."""

import psycopg
import pytest

from exchange.invariants import check
from exchange.store import find_link
from kit.database import Database
from members.enrolment import Consent, enrol, link_token
from members.people import devices, erasing, sign_in_links
from members.people.invariants import INVARIANTS
from tests.books import Books
from tests.members.people.authenticator import Authenticator
from tests.members.people.test_passkeys import add
from tests.members.visitor import SECRETS, Site, Visitor, sign_in_as


@pytest.fixture
def lived(site: Site, visitor: Visitor, database: Database, books: Books) -> Database:
    """Somebody with everything, and somebody erased who had it."""
    party = books.party()
    for person in (visitor, site.visitor()):
        now = site.clock()
        with database.transaction() as session:
            link = enrol(session, party=party, reference=None, consent=Consent(), now=now)
            row = find_link(session, party, link.id)
            assert row is not None
        who = sign_in_as(person, database, wallet=row["wallet_id"], name="Somebody")
        add(person, Authenticator(site.origin))
        person.submit("/prove", on="/prove")
        with database.transaction() as session:
            devices.recognise(session, SECRETS, who.person, "a browser", now)
            sign_in_links.make(session, SECRETS, who.person, now)
            link_token(session, party=party, member=link.id, secrets_=SECRETS, now=now)
    with database.transaction() as session:
        erasing.erase(session, who.person, site.clock())
    return database


def violated(database: Database) -> set[str]:
    with database.engine.connect() as connection:
        return {result.name for result in check(connection, INVARIANTS) if result.count}


def test_hold_of_the_living_and_the_erased(lived: Database) -> None:
    assert violated(lived) == set()


FREE = (
    "ALTER TABLE members.person DROP CONSTRAINT person_erased_has_nothing",
    "ALTER TABLE members.person DROP CONSTRAINT person_phone_index_is_a_digest",
    "ALTER TABLE members.person DROP CONSTRAINT person_phone_once",
    "ALTER TABLE members.person DROP CONSTRAINT person_member_once",
    "ALTER TABLE members.person DROP CONSTRAINT person_member_fk",
    "ALTER TABLE members.session DROP CONSTRAINT session_person_fk",
    "ALTER TABLE members.session DROP CONSTRAINT session_digest_is_a_digest",
    "ALTER TABLE members.passkey DROP CONSTRAINT passkey_person_fk",
    "ALTER TABLE members.device DROP CONSTRAINT device_person_fk",
    "ALTER TABLE members.sign_in_link DROP CONSTRAINT sign_in_link_person_fk",
)
GONE = "(SELECT id FROM members.person WHERE erased_at IS NOT NULL)"
MEMBER = "(SELECT member_id FROM members.person WHERE erased_at IS NOT NULL)"
WALLET = f"(SELECT wallet_id FROM members.member WHERE id = {MEMBER})"

CORRUPTIONS = [
    ("the-erased-have-nothing", "UPDATE members.person SET {set} WHERE erased_at IS NOT NULL"
     .format(set=f"{column} = {value}"))
    for column, value in (
        ("wrapped_key", "'x'"), ("phone_index", "'x'"), ("sealed", "'x'"),
        ("phone_verified_at", "now()"), ("language", "'en'"), ("theme", "'dark'"),
    )
] + [
    ("the-erased-have-nothing", f"UPDATE members.{table} SET person_id = {GONE}")
    for table in ("session", "passkey", "device", "sign_in_link", "notice", "standing")
] + [
    ("the-erased-have-nothing", "UPDATE members.person SET erased_at = now()"
     " WHERE erased_at IS NULL"),
    ("the-erased-have-nothing", f"UPDATE members.link_token SET member_id = {MEMBER}"),
    ("the-erased-have-nothing", "INSERT INTO members.customer SELECT party_id, 'x',"
     f" {MEMBER}, id FROM exchange.link LIMIT 1"),
    ("the-erased-have-nothing", f"UPDATE exchange.link SET active = true"
     f" WHERE wallet_id = {WALLET}"),
    ("the-erased-have-nothing", f"UPDATE exchange.wallet SET frozen = false WHERE id = {WALLET}"),
    ("the-living-can-be-found-and-read", "UPDATE members.person SET phone_index = 'short'"
     " WHERE erased_at IS NULL"),
    ("the-living-can-be-found-and-read", "UPDATE members.person SET wrapped_key = NULL"
     " WHERE erased_at IS NULL"),
    ("the-living-can-be-found-and-read", "UPDATE members.person SET wrapped_key = 'x'"
     " WHERE erased_at IS NULL"),
    ("the-living-can-be-found-and-read", "UPDATE members.person SET sealed = ''"
     " WHERE erased_at IS NULL"),
    ("the-living-can-be-found-and-read", "UPDATE members.person SET erased_at = NULL"),
    ("the-living-can-be-found-and-read", "INSERT INTO members.person (id, member_id, phone_index,"
     " sealed, wrapped_key, opened_at) SELECT gen_random_uuid(), member_id, phone_index, sealed,"
     " wrapped_key, now() FROM members.person WHERE erased_at IS NULL"),
    ("a-person-owns-one-member", f"UPDATE members.person SET member_id = {MEMBER}"),
    ("a-person-owns-one-member", "UPDATE members.person SET member_id = gen_random_uuid()"),
    ("whoever-comes-in-is-somebody", "UPDATE members.session SET digest = 'short'"),
    ("whoever-comes-in-is-somebody", "UPDATE members.session SET proved_at ="
     " opened_at - interval '1 second'"),
    ("whoever-comes-in-is-somebody", "UPDATE members.sign_in_code SET tries_left = 6"),
] + [
    ("whoever-comes-in-is-somebody", f"UPDATE members.{table} SET person_id = gen_random_uuid()")
    for table in ("session", "passkey", "device", "sign_in_link")
]  # fmt: skip


@pytest.mark.parametrize(("name", "statement"), CORRUPTIONS)
def test_finds(lived: Database, owner: psycopg.Connection, name: str, statement: str) -> None:
    with owner.transaction(force_rollback=True):
        for free in FREE:
            owner.execute(free)
        assert owner.execute(statement).rowcount > 0, "breaks nothing"
        found = {one.name for one in INVARIANTS if owner.execute(one.query).fetchall()}
    assert name in found
    assert violated(lived) == set()
