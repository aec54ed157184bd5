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
    RoleRequired,
    SecondPersonRequired,
)
from staff.roles import PROPOSING
from web import enactments

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def proposal(database: Database) -> UUID:
    """One that ann made; ben is there to approve it, and tom, who may not."""
    with database.transaction() as session:
        for name in ("ann", "ben"):
            store.insert_operator(session, name, ["operations", "approver"], NOW)
        store.insert_operator(session, "tom", ["operations"], NOW)
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


def propose(database: Database, by: str, kind: str = "rate") -> UUID:
    with database.transaction() as session:
        return approvals.propose(
            session, kind=kind, content={"party": 3}, reason="a test", by=by, now=NOW
        )


class TestPropose:
    def test_refuses_a_stranger(self, database: Database, proposal: UUID) -> None:
        with pytest.raises(OperatorUnknown):
            propose(database, "eve")

    def test_refuses_whose_roles_do_not_allow_it(self, database: Database, proposal: UUID) -> None:
        with pytest.raises(RoleRequired) as refused:
            propose(database, "tom", "adjustment")
        assert refused.value.facts == {"roles": ["finance"]}
        propose(database, "tom", "rate")

    def test_partners_propose_without_a_role(self, database: Database, proposal: UUID) -> None:
        propose(database, "partner:coral")

    def test_takes_a_power_for_every_kind_there_is(self) -> None:
        assert set(PROPOSING) >= enactments.KINDS


class TestWaitingFor:
    def test_counts_what_others_proposed(self, database: Database, proposal: UUID) -> None:
        with database.transaction() as session:
            counts = [
                approvals.waiting_for(session, name, now=NOW) for name in ("ann", "ben", "tom")
            ]
        assert counts == [0, 1, 0]

    def test_leaves_out_what_has_expired(self, database: Database, proposal: UUID) -> None:
        later = NOW + approvals.PROPOSAL_VALID
        with database.transaction() as session:
            assert approvals.waiting_for(session, "ben", now=later) == 0


class TestDecide:
    def test_another_operator_approves(self, database: Database, proposal: UUID) -> None:
        assert decide(database, proposal).state == "approved"

    def test_another_operator_rejects(self, database: Database, proposal: UUID) -> None:
        assert decide(database, proposal, approve=False).state == "rejected"

    def test_refuses_a_stranger(self, database: Database, proposal: UUID) -> None:
        with pytest.raises(OperatorUnknown):
            decide(database, proposal, "eve")

    def test_refuses_who_is_no_approver(self, database: Database, proposal: UUID) -> None:
        with pytest.raises(RoleRequired) as refused:
            decide(database, proposal, "tom")
        assert refused.value.facts == {"roles": ["approver"]}

    def test_refuses_what_was_never_proposed(self, database: Database, proposal: UUID) -> None:
        with pytest.raises(ProposalNotFound):
            decide(database, uuid7())

    def test_refuses_a_second_decision(self, database: Database, proposal: UUID) -> None:
        decide(database, proposal)
        with pytest.raises(ProposalDecided):
            decide(database, proposal, approve=False)

    def test_refuses_after_two_days(self, database: Database, proposal: UUID) -> None:
        with pytest.raises(ProposalExpired):
            decide(database, proposal, now=NOW + timedelta(hours=48))

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
