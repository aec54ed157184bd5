"""Four eyes: another person, the same content, in time."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from kit.database import Database
from kit.ids import to_text, uuid7
from staff import approvals, store
from staff.errors import (
    AlreadyProposed,
    NotTheProposer,
    OperatorUnknown,
    ProposalChanged,
    ProposalDecided,
    ProposalExpired,
    ProposalNotFound,
    ReasonRequired,
    RoleRequired,
    SecondPersonRequired,
)
from staff.roles import PROPOSING
from web import enactments

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
RATE = {"party": 3, "direction": "import", "valid_from": "2026-12-01", "theirs": 10, "ours": 3}


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
            content=RATE,
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
    because: str = "",
) -> approvals.Proposal:
    with database.transaction() as session:
        return approvals.decide(
            session, proposal=proposal, by=by, approve=approve, now=now, seen=seen, because=because
        )


def propose(
    database: Database,
    by: str,
    kind: str = "rate",
    content: Mapping[str, Any] = RATE | {"direction": "export"},
    now: datetime = NOW,
) -> UUID:
    with database.transaction() as session:
        return approvals.propose(
            session, kind=kind, content=content, reason="a test", by=by, now=now
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

    def test_refuses_what_waits_already(self, database: Database, proposal: UUID) -> None:
        with pytest.raises(AlreadyProposed) as refused:
            propose(database, "tom", content=RATE | {"ours": 4})
        assert refused.value.facts == {"proposal": to_text("prp", proposal)}
        propose(database, "tom", content=RATE | {"valid_from": "2027-01-01"})

    def test_what_has_expired_is_in_nobodys_way(self, database: Database, proposal: UUID) -> None:
        later = NOW + approvals.PROPOSAL_VALID
        again = propose(database, "tom", content=RATE, now=later)
        with database.transaction() as session:
            assert approvals.find(session, proposal, now=later).state == "expired"
            found = approvals.waiting_about(session, "rate", RATE, now=later)
        assert found is not None
        assert found.id == again

    def test_asks_for_a_reason(self, database: Database, proposal: UUID) -> None:
        with pytest.raises(ReasonRequired), database.transaction() as session:
            approvals.propose(session, kind="rate", content=RATE, reason=" ", by="ann", now=NOW)

    def test_is_written_down(self, database: Database, proposal: UUID) -> None:
        with database.transaction() as session:
            assert approvals.original(session, proposal) == RATE


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
        found = decide(database, proposal, approve=False, because="too dear")
        assert (found.state, found.because) == ("rejected", "too dear")

    def test_refuses_to_reject_without_a_reason(self, database: Database, proposal: UUID) -> None:
        with pytest.raises(ReasonRequired):
            decide(database, proposal, approve=False)

    def test_refuses_the_proposer_by_another_name(
        self, database: Database, proposal: UUID, owner: psycopg.Connection
    ) -> None:
        owner.execute("UPDATE staff.operator SET name = 'anna' WHERE name = 'ann'")
        with pytest.raises(SecondPersonRequired):
            decide(database, proposal, "anna")

    def test_refuses_content_that_was_edited_with_its_hash(
        self, database: Database, proposal: UUID, owner: psycopg.Connection
    ) -> None:
        content = RATE | {"ours": 9}
        owner.execute(
            "UPDATE staff.proposal SET content = %s, content_hash = %s",
            (Jsonb(content), approvals.content_hash("rate", content)),
        )
        with pytest.raises(ProposalChanged):
            decide(database, proposal)
        with database.transaction() as session:
            assert approvals.find(session, proposal, now=NOW).state == "changed"

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
        owner.execute("""UPDATE staff.proposal SET content = content || '{"ours": 9}'""")
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


class TestWithdraw:
    def withdraw(self, database: Database, proposal: UUID, by: str, now: datetime = NOW) -> str:
        with database.transaction() as session:
            return approvals.withdraw(session, proposal=proposal, by=by, now=now).state

    def test_is_the_proposers(self, database: Database, proposal: UUID) -> None:
        assert self.withdraw(database, proposal, "ann") == "withdrawn"
        propose(database, "tom", content=RATE)  # It is in nobody's way any more.

    def test_refuses_a_stranger(self, database: Database, proposal: UUID) -> None:
        with pytest.raises(OperatorUnknown):
            self.withdraw(database, proposal, "eve")

    def test_refuses_what_was_decided(self, database: Database, proposal: UUID) -> None:
        decide(database, proposal)
        with pytest.raises(ProposalDecided):
            self.withdraw(database, proposal, "ann")

    def test_refuses_what_has_expired(self, database: Database, proposal: UUID) -> None:
        with pytest.raises(ProposalExpired):
            self.withdraw(database, proposal, "ann", NOW + approvals.PROPOSAL_VALID)

    def test_refuses_anybody_else(self, database: Database, proposal: UUID) -> None:
        with pytest.raises(NotTheProposer):
            self.withdraw(database, proposal, "ben")
