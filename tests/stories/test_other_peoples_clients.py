"""Two clients that share no code with the hub trade with it, and verify what it answers."""

import http.client
import json
import os
import secrets
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives import serialization
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    InvalidSignature,
    MappingKeyResolver,
    algorithms,
)

from tests.server import Coalition, Partner

COVERED = ("@method", "@target-uri", "content-type", "content-digest", "idempotency-key")
ALGORITHMS = {"ed25519": algorithms.ED25519, "ecdsa-p256-sha256": algorithms.ECDSA_P256_SHA256}
JAVASCRIPT = Path(__file__).parents[2] / "sdk" / "javascript"


def by_the_python_library(
    coalition: Coalition, partner: Partner, path: str, content: object
) -> SimpleNamespace:
    """POST as somebody would who has http-message-signatures and our documentation alone."""
    body = json.dumps(content).encode()
    private = serialization.load_pem_private_key(partner.private.to_pem().encode(), None)
    request = SimpleNamespace(
        method="POST",
        url=coalition.server.origin + path,
        headers={
            "Content-Type": "application/json",
            "Idempotency-Key": secrets.token_urlsafe(18),
        },
    )
    HTTPMessageSigner(
        signature_algorithm=ALGORITHMS[partner.private.algorithm],
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={partner.key_id: private}),
    ).sign(
        request,
        key_id=partner.key_id,
        created=datetime.now(UTC),
        nonce=secrets.token_urlsafe(18),
        label="sig1",
        tag="cpx-request-1",
        covered_component_ids=COVERED,
        body=body,
    )
    connection = http.client.HTTPConnection("127.0.0.1", coalition.server.port, timeout=10)
    connection.request("POST", path, body, request.headers)
    answer = connection.getresponse()
    found = SimpleNamespace(
        status_code=answer.status,
        headers={name.lower(): value for name, value in answer.getheaders()},
        content=answer.read(),
        request=request,
    )
    connection.close()
    return found


def verified_by_the_python_library(coalition: Coalition, answer: SimpleNamespace) -> bool:
    required = ["@status", "content-type", "content-digest"]
    required += [f'"{name}";req' for name in COVERED]
    verifier = HTTPMessageVerifier(
        signature_algorithm=algorithms.ED25519,
        key_resolver=MappingKeyResolver(public_keys=coalition.server.keys, private_keys={}),
    )
    try:
        verifier.verify(
            answer,
            expect_tag="cpx-response-1",
            require_components=required,
            body=answer.content,
        )
    except InvalidSignature:
        return False
    return True


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_python_library(coalition: Coalition, algorithm: str) -> None:
    market = coalition.partner(algorithm=algorithm)
    enrolled = by_the_python_library(coalition, market, "/v1/members", {"daily_limit": 100})
    assert enrolled.status_code == 201
    assert verified_by_the_python_library(coalition, enrolled)
    sale = {"member": json.loads(enrolled.content)["id"], "points": 120, "reference": "B-1"}
    accrued = by_the_python_library(coalition, market, "/v1/accruals", sale)
    assert (accrued.status_code, json.loads(accrued.content)["points"]) == (201, 120)
    assert verified_by_the_python_library(coalition, accrued)

    refused = by_the_python_library(coalition, market, "/v1/accruals", sale)
    assert refused.status_code == 409
    assert verified_by_the_python_library(coalition, refused)
    refused.content = refused.content.replace(b"409", b"201")
    assert not verified_by_the_python_library(coalition, refused)


def test_a_javascript_client(coalition: Coalition, tmp_path: Path) -> None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("node and npm are not on this machine")
    for name in ("client.mjs", "package.json"):
        shutil.copy(JAVASCRIPT / name, tmp_path)
    installed = subprocess.run(
        [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    if installed.returncode != 0:
        pytest.skip(f"npm cannot install the library: {installed.stderr.strip()[-300:]}")
    market = coalition.partner()
    member = market.enrol()
    pem = tmp_path / "market.pem"
    pem.write_text(market.private.to_pem())

    def call(method: str, path: str, *content: str) -> list[str]:
        done = subprocess.run(
            [node, "client.mjs", coalition.server.origin, market.key_id, pem, method, path,
             *content],
            cwd=tmp_path, env=dict(os.environ), capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.splitlines()

    sale = json.dumps({"member": member, "points": 120, "reference": "B-1"})
    assert call("POST", "/v1/accruals", sale)[:2] == ["201", "verified: true"]
    balance = call("GET", f"/v1/members/{member}/balance?points=120")
    assert balance[:2] == ["200", "verified: true"]
    assert json.loads("".join(balance[2:]))["can_pay"] is True
    assert call("POST", "/v1/accruals", sale)[:2] == ["409", "verified: true"]
