"""The command line, as an operator uses it: a fresh coalition set up, corrected, closed."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from kit.database import Database
from kit.errors import Refusal
from kit.ids import to_text
from members import enrolment
from partners import registry
from partners.public_keys import PrivateKey
from tests.cluster import Address
from tests.server import SECRET, base64url
from web.cli import hub
from web.commands.context import Context

Run = Callable[..., Any]


@pytest.fixture
def run(
    address: Address, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Run:
    """`run("partners", "list")` runs a command with --json and returns what it printed."""
    key = tmp_path / "hub.pem"
    key.write_text(PrivateKey.generate().to_pem())
    for name, value in {
        "HUB_HOME": str(tmp_path),
        "HUB_SECRET": SECRET,
        "HUB_KEY_FILE": str(key),
        "DATABASE_URL": address.owner,
        "HUB_APP_DATABASE_URL": address.application,
    }.items():
        monkeypatch.setenv(name, value)

    def run(*words: str) -> Any:
        result = invoke(*words, "--json")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return run


def invoke(*words: str) -> Result:
    context = Context()
    try:
        return CliRunner().invoke(hub, words, obj=context)
    finally:
        if "database" in vars(context):
            context.database.close()


@pytest.fixture
def market(run: Run) -> str:
    """An active partner called market; ann proposes and ben approves."""
    for name in ("ann", "ben"):
        assert invoke("operators", "add", name).exit_code == 0
    assert invoke("windows", "open", "2026-11").exit_code == 0
    assert run("partners", "add", "market", "--name", "丰禾超市")["state"] == "applied"
    assert run("partners", "activate", "market")["state"] == "active"
    return "market"


TERMS = (
    "--issue-price", "1000000", "--accept-price", "970000", "--fee-ppm", "10000",
    "--cap", "5000", "--from", "2020-01-01", "--reason", "contract 7",
)  # fmt: skip


class TestPartners:
    def test_lists_who_there_is(self, run: Run, market: str) -> None:
        assert [(one["slug"], one["state"]) for one in run("partners", "list")] == [
            ("market", "active")
        ]

    def test_one_suspends_and_two_restore(self, run: Run, market: str) -> None:
        assert run("partners", "suspend", market)["state"] == "suspended"
        refused = invoke("partners", "activate", market)
        assert "bin/hub partners restore market" in refused.output
        proposal = run("partners", "restore", market, "--as", "ann", "--reason", "it was a slip")
        assert run("partners", "list")[0]["state"] == "suspended"
        run("proposals", "approve", proposal["id"], "--as", "ben")
        assert run("partners", "list")[0]["state"] == "active"

    def test_restores_nobody_who_is_not_suspended(self, run: Run, market: str) -> None:
        with pytest.raises(Refusal) as refused:
            run("partners", "restore", market, "--as", "ann", "--reason", "a slip")
        assert refused.value.code == "partner-state"

    def test_closed_is_the_end(self, run: Run, market: str) -> None:
        run("partners", "close", market)
        with pytest.raises(Refusal) as refused:
            run("partners", "activate", market)
        assert refused.value.code == "partner-state"

    def test_refuses_a_second_one_of_the_name(self, run: Run, market: str) -> None:
        with pytest.raises(Refusal) as refused:
            run("partners", "add", market, "--name", "Another")
        assert refused.value.code == "partner-exists"


class TestKeys:
    def test_makes_a_pair_and_registers_it(self, run: Run, market: str, tmp_path: Path) -> None:
        file = tmp_path / "market.pem"
        key = run("keys", "generate", market, "--out", str(file))
        assert key["active"]
        assert file.stat().st_mode & 0o777 == 0o600
        assert PrivateKey.from_pem(file.read_text()).public_key.to_text() == key["public_key"]

    def test_never_overwrites_a_key(self, run: Run, market: str, tmp_path: Path) -> None:
        file = tmp_path / "market.pem"
        file.write_text("precious")
        with pytest.raises(FileExistsError):
            run("keys", "generate", market, "--out", str(file))
        assert file.read_text() == "precious"

    def test_takes_a_partners_own_key_with_proof(
        self, run: Run, market: str, tmp_path: Path
    ) -> None:
        private = PrivateKey.generate()
        file = tmp_path / "public.pem"
        file.write_text(private.public_key.to_pem())
        challenge = run("keys", "challenge", market, "--public-key", str(file))
        proof = base64url(private.sign(challenge["sign"].encode()))
        words = ("keys", "add", market, "--public-key", str(file), "--scope", "till",
                 "--created", str(challenge["created"]), "--proof")  # fmt: skip
        with pytest.raises(Refusal) as refused:
            run(*words, base64url(PrivateKey.generate().sign(b"something else")))
        assert refused.value.code == "key-proof-invalid"
        assert run(*words, proof)["scopes"] == ["till"]

    def test_another_one_takes_two_people(self, run: Run, market: str, tmp_path: Path) -> None:
        run("keys", "generate", market, "--out", str(tmp_path / "1"))
        alone = invoke("keys", "generate", market, "--out", str(tmp_path / "2"))
        assert alone.exit_code == 2
        assert "--as and --reason" in alone.output
        assert not (tmp_path / "2").exists()
        proposed = another(run, market, tmp_path / "2", approve=False)
        assert len(run("keys", "list", market)) == 1
        run("proposals", "approve", proposed["id"], "--as", "ben")
        assert len(run("keys", "list", market)) == 2

    def test_also_after_the_last_one_ended(self, run: Run, market: str, tmp_path: Path) -> None:
        first = run("keys", "generate", market, "--scope", "till", "--out", str(tmp_path / "1"))
        run("keys", "revoke", market, first["id"])
        alone = invoke("keys", "generate", market, "--out", str(tmp_path / "2"))
        assert alone.exit_code == 2
        assert "--as and --reason" in alone.output

    def test_revokes(self, run: Run, market: str, tmp_path: Path) -> None:
        first = run("keys", "generate", market, "--out", str(tmp_path / "1"))
        another(run, market, tmp_path / "2")
        run("keys", "revoke", market, first["id"])
        assert [one["active"] for one in run("keys", "list", market)] == [False, True]


def another(run: Run, slug: str, file: Path, *, approve: bool = True) -> Any:
    """One more key of a partner: ann proposes it, ben approves."""
    words = ("keys", "generate", slug, "--out", str(file), "--as", "ann", "--reason", "rotation")
    proposed = run(*words)
    if approve:
        run("proposals", "approve", proposed["id"], "--as", "ben")
    return proposed


class TestProposals:
    def test_terms_take_two_people(self, run: Run, market: str) -> None:
        proposal = run("terms", "propose", market, *TERMS, "--as", "ann")
        assert run("terms", "list", market) == []
        with pytest.raises(Refusal) as refused:
            run("proposals", "approve", proposal["id"], "--as", "ann")
        assert refused.value.code == "second-person-required"
        assert run("proposals", "approve", proposal["id"], "--as", "ben")["state"] == "approved"
        assert [one["cap"] for one in run("terms", "list", market)] == [5000]

    def test_a_rejected_one_has_no_effect(self, run: Run, market: str) -> None:
        proposal = run("terms", "propose", market, *TERMS, "--as", "ann")
        run("proposals", "reject", proposal["id"], "--as", "ben", "--reason", "no")
        assert run("terms", "list", market) == []
        assert run("proposals", "list") == []

    def test_a_stranger_proposes_nothing(self, market: str) -> None:
        result = invoke("terms", "propose", market, *TERMS, "--as", "eve")
        assert result.exit_code == 2
        assert "no operator" in result.output

    def test_rates_that_overlap_are_refused(self, run: Run, market: str) -> None:
        rate = ("rates", "propose", market, "--theirs", "10", "--ours", "3",
                "--reason", "contract 7", "--as", "ann", "--from")  # fmt: skip
        first, second = run(*rate, "2026-01-01"), run(*rate, "2026-02-01")
        run("proposals", "approve", first["id"], "--as", "ben")
        with pytest.raises(Refusal) as refused:
            run("proposals", "approve", second["id"], "--as", "ben")
        assert refused.value.code == "rate-overlap"
        with pytest.raises(Refusal):
            run(*rate, "2026-03-01")
        assert len(run("rates", "list", market)) == 1

    def test_an_adjustment_moves_points_once(
        self, run: Run, market: str, database: Database
    ) -> None:
        proposal = run("terms", "propose", market, *TERMS, "--as", "ann")
        run("proposals", "approve", proposal["id"], "--as", "ben")
        with database.transaction() as session:
            member = enrolment.enrol(
                session,
                party=registry.find(session, market).party,
                reference=None,
                consent=enrolment.Consent(),
                now=datetime.now(UTC),
            )
        dear = run(
            "adjustments",
            "propose",
            market,
            "--member",
            to_text("mbr", member.id),
            *("--points", "5001", "--direction", "credit", "--reason", "too dear", "--as", "ben"),
        )
        with pytest.raises(Refusal) as refused:
            run("proposals", "approve", dear["id"], "--as", "ann")
        assert refused.value.code == "position-limit"
        assert [one["id"] for one in run("proposals", "list")] == [dear["id"]]  # It waits on.
        adjustment = run(
            "adjustments", "propose", market, "--member", to_text("mbr", member.id),
            "--points", "40", "--direction", "credit", "--reason", "case 12", "--as", "ben",
        )  # fmt: skip
        assert run("proposals", "approve", adjustment["id"], "--as", "ann")["effect"]
        with pytest.raises(Refusal) as refused:
            run("proposals", "approve", adjustment["id"], "--as", "ann")
        assert refused.value.code == "proposal-decided"


class TestCheck:
    def test_says_that_the_books_balance(self, run: Run, market: str) -> None:
        assert all(one["violations"] == 0 for one in run("check"))
        assert "books balance" in invoke("check").output

    @pytest.mark.corrupts_books
    def test_ends_with_1_when_they_do_not(self, market: str, owner: psycopg.Connection) -> None:
        owner.execute(
            "WITH a AS (INSERT INTO exchange.account (kind) VALUES ('wallet') RETURNING id)"
            " INSERT INTO exchange.wallet (id, available, opened_at) SELECT id, 5, now() FROM a"
        )
        result = invoke("check")
        assert result.exit_code == 1
        assert "do not balance" in result.output


def test_the_worker_does_every_job_once(run: Run, market: str) -> None:
    result = invoke("worker", "--once")
    assert result.exit_code == 0, result.output
    for name in ("expire-holds", "expire-lots", "roll-up", "clear-away"):
        assert name in result.output


@pytest.mark.parametrize("command", [(), ("partners",), ("keys", "add"), ("windows", "close")])
def test_help_needs_no_database(command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert CliRunner().invoke(hub, [*command, "--help"]).exit_code == 0
