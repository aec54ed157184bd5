"""The partner guide cannot rot: its blocks run as they stand, against a real hub."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from partners.public_keys import PrivateKey
from tests.cluster import Address
from tests.sdk.conftest import TinyHub
from tests.server import ROOT, Coalition, Partner, Server, environment

GUIDE = ROOT / "docs" / "partner-guide.md"
EXAMPLES = ROOT / "docs" / "examples"
HUB = f"{sys.executable} -m web.cli"  # What bin/hub runs, without looking for packages again.


def blocks(language: str) -> str:
    """All fenced blocks of a language, as one program."""
    found = re.findall(rf"^```{language}\n(.*?)^```", GUIDE.read_text("utf-8"), re.M | re.S)
    assert found, language
    return "\n".join(found)


def run(command: list[str], **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, env=env, text=True, capture_output=True, timeout=120, check=False
    )


@pytest.fixture
def surroundings(
    coalition: Coalition, server: Server, address: Address, tmp_path: Path
) -> dict[str, str]:
    """The environment of somebody who follows the guide, with a home of their own."""
    name = """UPDATE exchange."window" SET name = '2026-11' WHERE closed_at IS NULL"""
    coalition.books.owner.execute(name)
    settings = environment(address, server.port, server.key_file)
    return settings | {"HOME": str(tmp_path), "HUB_ORIGIN": server.origin}


class TestGuide:
    def test_every_block_runs_and_prints_what_it_says(
        self, surroundings: dict[str, str], tmp_path: Path
    ) -> None:
        shell = blocks("sh").replace(".venv/bin/python", sys.executable)
        shell = shell.replace("bin/hub ", f"{HUB} ")
        done = run(["sh", "-eu", "-c", shell], **surroundings)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("Enrolled mbr_") == 2

        program = blocks("python")
        program = program.replace('"bin/hub"', f'"{sys.executable}", "-m", "web.cli"')
        said = re.findall(r"^# → (.*)$", program, re.M)
        done = run(
            [sys.executable, "-c", program],
            **surroundings | {"PYTHONPATH": f"{ROOT / 'sdk' / 'python'}:{ROOT}"},
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.splitlines() == said

    def test_every_print_is_followed_by_what_it_prints(self) -> None:
        lines = blocks("python").splitlines()
        for line, after in zip(lines, [*lines[1:], ""], strict=True):
            if line.startswith("print("):
                assert after.startswith("# → "), line

    def test_every_python_block_parses_in_python_and_imports_nothing_else(self) -> None:
        program = blocks("python")
        compile(program, str(GUIDE), "exec")
        assert "sdk." not in program


class TestShellClient:
    """docs/examples/call.sh believes what the hub signed for this request, and nothing else."""

    @pytest.fixture
    def issuer(self, coalition: Coalition) -> Partner:
        return coalition.partner()

    def first_accrual(self, origin: str, key_id: str, key: PrivateKey, folder: Path, **env: str):
        key_file = folder / "partner.pem"
        key_file.write_text(key.to_pem())
        return run(
            ["sh", str(EXAMPLES / "first_accrual.sh")],
            PATH=os.environ["PATH"],
            HUB_ORIGIN=origin,
            KEY_ID=key_id,
            KEY_FILE=str(key_file),
            **env,
        )

    def test_issues_once(self, server: Server, issuer: Partner, tmp_path: Path) -> None:
        done = self.first_accrual(server.origin, issuer.key_id, issuer.private, tmp_path)
        assert done.returncode == 0, done.stderr
        assert '"available":120' in done.stdout

    def test_says_why_a_stranger_is_refused(
        self, server: Server, issuer: Partner, tmp_path: Path
    ) -> None:
        done = self.first_accrual(server.origin, "key_nobody", issuer.private, tmp_path)
        assert done.returncode != 0
        assert "signature-invalid" in done.stderr

    @pytest.mark.parametrize(
        ("mischief", "why"),
        [
            ("content", "The content is not what was signed"),
            ("status", "does not verify"),
            ("rewind", "An answer to another request"),
            ("unsigned", "Not signed by the hub"),
        ],
    )
    def test_believes_no_answer_that_was_meddled_with(
        self, hub: TinyHub, tmp_path: Path, mischief: str, why: str
    ) -> None:
        key = PrivateKey.generate()
        hub.partners["till-1"] = key.public_key
        meddle = {
            "content": lambda reply: (reply[0], reply[1], reply[2] + b" "),
            "status": lambda reply: (201, reply[1], reply[2]),
            "rewind": lambda reply: hub.sent[0],
            "unsigned": lambda reply: (reply[0], {"Content-Type": "text/html"}, reply[2]),
        }[mischief]
        hub.mischief = lambda reply: reply if b'"keys":' in reply[2] else meddle(reply)
        done = self.first_accrual(hub.origin, "till-1", key, tmp_path)
        assert done.returncode != 0
        assert why in done.stderr
