"""Four eyes: another person, the same content, in time."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from kit.database import Database
from kit.ids import uuid7
from staff import approvals, store
from staff.errors import (
    OperatorUnknown,
    ProposalChanged,
    ProposalDecided,
    ProposalExpired,
    ProposalNotFound,
    SecondPersonRequired,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def proposal(database: Database) -> UUID:
    """One that ann made; ben is there to approve it."""
    with database.transaction() as session:
        for name in ("ann", "ben"):
            store.insert_operator(session, name, ["approver"], NOW)
        return approvals.propose(
            session,
            kind="rate",
            content={"theirs": 10, "ours": 3},
            reason="agreed by mail",
            by="ann",
            now=NOW,
        )


def decide(
    database: Database,
    proposal: UUID,
    by: str = "ben",
    *,
    approve: bool = True,
    now: datetime = NOW,
    seen: bytes | None = None,
) -> approvals.Proposal:
    with database.transaction() as session:
        return approvals.decide(
            session, proposal=proposal, by=by, approve=approve, now=now, seen=seen
        )


class TestDecide:
    def test_another_operator_approves(self, database: Database, proposal: UUID) -> None:
        assert decide(database, proposal).state == "approved"

    def test_another_operator_rejects(self, database: Database, proposal: UUID) -> None:
        assert decide(database, proposal, approve=False).state == "rejected"

    def test_refuses_a_stranger(self, database: Database, proposal: UUID) -> None:
        with pytest.raises(OperatorUnknown):
            decide(database, proposal, "eve")

    def test_refuses_what_was_never_proposed(self, database: Database, proposal: UUID) -> None:
        with pytest.raises(ProposalNotFound):
            decide(database, uuid7())

    def test_refuses_a_second_decision(self, database: Database, proposal: UUID) -> None:
        decide(database, proposal)
        with pytest.raises(ProposalDecided):
            decide(database, proposal, approve=False)

    def test_refuses_after_a_week(self, database: Database, proposal: UUID) -> None:
        with pytest.raises(ProposalExpired):
            decide(database, proposal, now=NOW + timedelta(days=7))

    def test_refuses_the_proposer(self, database: Database, proposal: UUID) -> None:
        with pytest.raises(SecondPersonRequired):
            decide(database, proposal, "ann")

    def test_refuses_content_that_was_edited(
        self, database: Database, proposal: UUID, owner: psycopg.Connection
    ) -> None:
        owner.execute("""UPDATE staff.proposal SET content = '{"theirs": 10, "ours": 9}'""")
        with pytest.raises(ProposalChanged):
            decide(database, proposal)

    def test_refuses_what_the_approver_did_not_see(
        self, database: Database, proposal: UUID
    ) -> None:
        with pytest.raises(ProposalChanged):
            decide(database, proposal, seen=b"\0" * 32)

    def test_the_database_itself_refuses_one_person(
        self, proposal: UUID, owner: psycopg.Connection
    ) -> None:
        with pytest.raises(psycopg.errors.CheckViolation, match="decided_by_another"):
            owner.execute(
                "UPDATE staff.proposal SET state = 'approved', decided_by = 'ann',"
                " decided_at = now(), decided_hash = content_hash"
            )
