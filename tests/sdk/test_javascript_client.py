"""The JavaScript client: another language and another library sign and verify the same bytes."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from partners.public_keys import PrivateKey
from partners.signing import content_digest

SOURCE = Path(__file__).parents[2] / "sdk" / "javascript"


@pytest.fixture(scope="session")
def installed(tmp_path_factory):
    """The client with its one dependency, installed once per run, outside the checkout."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not on this machine")
    folder = tmp_path_factory.mktemp("javascript-client")
    for name in ("client.mjs", "package.json"):
        shutil.copy(SOURCE / name, folder)
    command = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        pytest.skip(f"npm cannot install http-message-signatures: {done.stderr.strip()[-300:]}")
    return folder


@pytest.fixture
def call(hub, partner_key, installed, tmp_path):
    """Run the client as a partner's engineer would; returns (exit code, verified, output)."""
    key_file = tmp_path / "key.pem"
    key_file.write_text(partner_key.to_pem())

    def run(method, path, *content, key=None):
        command = ["node", "client.mjs", hub.origin, "till-1", key_file, method, path, *content]
        environment = {**os.environ} | ({"TONGBAO_IDEMPOTENCY_KEY": key} if key else {})
        done = subprocess.run(
            command, cwd=installed, env=environment, capture_output=True, text=True, timeout=60
        )
        assert done.stderr == ""
        return done.returncode, "verified: true" in done.stdout.splitlines(), done.stdout

    return run


class TestNodeSignsAndPythonVerifies:
    def test_with_content(self, hub, call):
        code, verified, output = call("POST", "/v1/accruals", '{"points": 120, "shop": "通宝"}')
        assert (code, verified) == (0, True)
        assert output.startswith("200\n")
        assert "通宝" in output
        assert hub.refusals == []
        assert [name for name, _ in hub.seen[0].components] == [
            *("@method", "@target-uri", "content-type", "content-digest", "idempotency-key")
        ]

    def test_without_content_and_with_a_query(self, hub, call):
        assert call("GET", "/v1/rates?from=CNY&q=%E4%BD%A0")[:2] == (0, True)
        assert call("DELETE", "/v1/keys/k_1")[:2] == (0, True)
        assert hub.refusals == []

    def test_the_same_idempotency_key_again(self, hub, call):
        for _ in range(2):
            assert call("POST", "/v1/accruals", "{}", key="receipt-00000001")[0] == 0
        assert hub.effects == {"receipt-00000001": 1}


class TestPythonSignsAndNodeVerifies:
    def unverified(self, hub, call, mischief):
        hub.mischief = lambda reply: reply if b'"keys"' in reply[2] else mischief(reply)
        code, verified, output = call("POST", "/v1/accruals", '{"points": 120}')
        assert (code, verified) == (1, False), output
        assert "verified: false" in output

    def test_refuses_an_unsigned_answer(self, hub, call):
        self.unverified(hub, call, lambda reply: (200, {}, b"{}"))

    def test_refuses_an_older_answer(self, hub, call):
        call("POST", "/v1/accruals", '{"points": 120}')
        old = hub.sent[-1]
        self.unverified(hub, call, lambda reply: old)

    def test_refuses_another_status(self, hub, call):
        self.unverified(hub, call, lambda reply: (201, *reply[1:]))

    def test_refuses_another_content(self, hub, call):
        self.unverified(hub, call, lambda reply: (*reply[:2], reply[2] + b" "))
        digest = {"Content-Digest": content_digest(b"{}")}
        self.unverified(hub, call, lambda reply: (reply[0], reply[1] | digest, b"{}"))

    def test_refuses_a_signature_that_leaves_the_request_out(self, hub, call):
        def narrow(reply):
            given = reply[1]["Signature-Input"].replace(' "@method";req', "")
            return reply[0], reply[1] | {"Signature-Input": given}, reply[2]

        self.unverified(hub, call, narrow)

    def test_refuses_an_impostor(self, hub, call):
        genuine = hub.keys["hub-1"]

        def impersonate(reply):
            hub.keys = {"hub-1": PrivateKey.generate()}
            verified = hub.seen[-1]
            reply = hub.sign(verified, 200, {"Content-Type": "application/json"}, b"{}")
            hub.keys = {"hub-1": genuine}
            return reply

        self.unverified(hub, call, impersonate)
