"""The Python client against a real server: what it believes, what it repeats, what it refuses."""

import ast
import sys
import threading
from pathlib import Path

import pytest

from partners.public_keys import PrivateKey
from partners.signing import content_digest
from sdk.python import tongbao_client
from sdk.python.tongbao_client import Client, OutcomeUnknown, UnverifiedAnswer, fetch_hub_keys


@pytest.fixture
def waits():
    return []


@pytest.fixture
def client(hub, partner_key, waits):
    keys = fetch_hub_keys(hub.origin)
    client = Client(hub.origin, "till-1", partner_key.to_pem(), keys, timeout=2, sleep=waits.append)
    yield client
    client.close()


class TestTheFile:
    def test_stands_alone(self):
        """One file to copy: the standard library, `cryptography`, and nothing of ours."""
        tree = ast.parse(Path(tongbao_client.__file__).read_text())
        roots = {
            name.split(".")[0]
            for node in ast.walk(tree)
            for name in (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
        }
        assert roots - sys.stdlib_module_names == {"cryptography"}


class TestCall:
    def test_sends_json_and_returns_the_verified_answer(self, hub, client):
        answer = client.call("POST", "/v1/accruals", {"points": 120, "shop": "通宝"})
        assert answer.status == 200
        assert answer.body["content"] == '{"points":120,"shop":"通宝"}'
        assert answer.replayed is False
        assert hub.effects == {hub.seen[0].idempotency_key: 1}

    @pytest.mark.parametrize("method", ["GET", "HEAD"])
    def test_reads_need_no_idempotency_key(self, hub, client, method):
        assert client.call(method, "/v1/rates?from=CNY&q=%E4%BD%A0").status == 200
        assert hub.seen[0].idempotency_key is None

    def test_delete_and_post_without_content(self, hub, client):
        assert client.call("DELETE", "/v1/keys/k_1").status == 200
        assert client.call("POST", "/v1/authorizations/a_1/void").status == 200
        assert all(request.content_digest is None for request in hub.seen)

    def test_sends_bytes_as_they_are(self, hub, client):
        answer = client.call("POST", "/v1/batches", b"a,b\n1,2\n", content_type="text/csv")
        assert answer.body["content"] == "a,b\n1,2\n"
        assert ("content-type", "text/csv") in hub.seen[0].components

    def test_says_when_an_answer_is_a_replay(self, hub, client):
        first = client.call("POST", "/v1/accruals", {"n": 1}, idempotency_key="receipt-00000001")
        again = client.call("POST", "/v1/accruals", {"n": 1}, idempotency_key="receipt-00000001")
        assert (first.replayed, again.replayed) == (False, True)
        assert hub.effects == {"receipt-00000001": 1}

    def test_a_refusal_is_an_answer(self, hub, client):
        hub.status_plan = [(422, "insufficient-points", {})]
        answer = client.call("POST", "/v1/redemptions", {"points": 1})
        assert (answer.status, answer.body["code"]) == (422, "insufficient-points")

    def test_keeps_the_connection(self, hub, client):
        client.call("GET", "/v1/rates")
        socket = client._connection().sock
        for _ in range(20):
            client.call("GET", "/v1/rates")
        assert client._connection().sock is socket

    def test_threads_share_a_client(self, hub, client):
        def work():
            for _ in range(10):
                answers.append(client.call("POST", "/v1/accruals", {"n": 1}).status)
            client.close()

        answers = []
        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers == [200] * 40
        assert len(hub.effects) == 40


class TestRetries:
    def test_a_lost_answer_is_asked_for_again_with_the_same_key(self, hub, client, waits):
        lost = iter([True, True, False])
        hub.mischief = lambda reply: None if next(lost) else reply
        answer = client.call("POST", "/v1/accruals", {"points": 120})
        assert answer.replayed
        assert len(hub.effects) == 1
        assert len({request.idempotency_key for request in hub.seen}) == 1
        assert len({request.nonce for request in hub.seen}) == 3
        assert len(waits) == 2

    @pytest.mark.parametrize("busy", [(503, "unavailable"), (409, "request-in-progress")])
    def test_waits_as_long_as_the_hub_says(self, hub, client, waits, busy):
        hub.status_plan = [(*busy, {"Retry-After": "3"}), (*busy, {"Retry-After": "9999"})]
        assert client.call("POST", "/v1/accruals", {"points": 120}).status == 200
        assert waits == [3.0, tongbao_client.LONGEST_WAIT]
        assert len({request.idempotency_key for request in hub.seen}) == 1

    def test_other_conflicts_are_answers(self, hub, client, waits):
        hub.status_plan = [(409, "hold-ended", {})]
        assert client.call("POST", "/v1/accruals", {"points": 120}).status == 409
        assert waits == []

    def test_an_unsigned_503_of_a_proxy_is_repeated(self, hub, client):
        replies = iter([(503, {}, b"bad gateway")])
        hub.mischief = lambda reply: next(replies, reply)
        assert client.call("POST", "/v1/accruals", {"points": 120}).replayed

    def test_gives_up_and_says_that_the_outcome_is_unknown(self, hub, client, waits):
        hub.mischief = lambda reply: None
        with pytest.raises(OutcomeUnknown) as unknown:
            client.call("POST", "/v1/accruals", {"points": 120})
        assert len(waits) == 3
        assert list(hub.effects) == [unknown.value.idempotency_key]

    def test_a_dead_hub(self, partner_key, waits):
        client = Client(
            "http://127.0.0.1:1", "till-1", partner_key.to_pem(), {}, sleep=waits.append
        )
        with pytest.raises(OutcomeUnknown):
            client.call("GET", "/v1/rates")


class TestWhatIsNotBelieved:
    def refused(self, client, hub, mischief, match):
        hub.mischief = mischief
        with pytest.raises(UnverifiedAnswer, match=match) as unverified:
            client.call("POST", "/v1/accruals", {"points": 120})
        return unverified.value

    @staticmethod
    def without(*names):
        return lambda reply: (
            reply[0],
            {name: value for name, value in reply[1].items() if name not in names},
            reply[2],
        )

    @pytest.mark.parametrize("field", ["Signature", "Signature-Input"])
    def test_an_unsigned_answer(self, hub, client, field):
        unverified = self.refused(client, hub, self.without(field), "not signed")
        assert list(hub.effects) == [unverified.idempotency_key]
        assert unverified.status == 200

    def test_an_older_answer(self, hub, client):
        client.call("POST", "/v1/accruals", {"points": 120})
        old = hub.sent[-1]
        self.refused(client, hub, lambda reply: old, "another request")

    def test_answers_swapped_between_requests(self, hub, client):
        """A hundred answers, each given to the request after its own."""
        for number in range(100):
            client.call("POST", "/v1/accruals", {"points": 120}, idempotency_key=f"{number:016}")
        answers = iter(hub.sent[1:])
        for number in range(1, 100):
            old = next(answers)
            hub.mischief = lambda reply, old=old: old
            with pytest.raises(UnverifiedAnswer):
                client.call(
                    "POST", "/v1/accruals", {"points": 120}, idempotency_key=f"{number:016}"
                )

    def test_an_old_answer_with_the_new_nonce_written_in(self, hub, client):
        client.call("POST", "/v1/accruals", {"points": 120})
        status, headers, body = hub.sent[-1]

        def rewind(reply):
            patched = headers["Signature-Input"].replace(hub.seen[0].nonce, hub.seen[1].nonce)
            return status, headers | {"Signature-Input": patched}, body

        self.refused(client, hub, rewind, "does not verify")

    def test_another_status(self, hub, client):
        self.refused(client, hub, lambda reply: (201, *reply[1:]), "does not verify")

    def test_another_content_type(self, hub, client):
        other = {"Content-Type": "application/problem+json"}
        self.refused(client, hub, lambda r: (r[0], r[1] | other, r[2]), "does not verify")

    def test_another_content(self, hub, client):
        self.refused(client, hub, lambda r: (*r[:2], r[2] + b" "), "content")

    def test_another_content_with_its_digest(self, hub, client):
        digest = {"Content-Digest": content_digest(b"{}")}
        self.refused(client, hub, lambda r: (r[0], r[1] | digest, b"{}"), "does not verify")

    def test_a_signature_that_leaves_the_request_out(self, hub, client):
        def narrow(reply):
            given = reply[1]["Signature-Input"].replace(' "@method";req', "")
            return reply[0], reply[1] | {"Signature-Input": given}, reply[2]

        self.refused(client, hub, narrow, "covers something else")

    def test_a_signature_for_the_request_is_none_for_the_answer(self, hub, client):
        def retagged(reply):
            given = reply[1]["Signature-Input"].replace("cpx-response-1", "cpx-request-1")
            return reply[0], reply[1] | {"Signature-Input": given}, reply[2]

        self.refused(client, hub, retagged, "not signed")

    def test_a_key_that_is_not_the_hubs(self, hub, client):
        hub.keys = {"hub-2": PrivateKey.generate()}
        self.refused(client, hub, lambda reply: reply, "not among the hub's: hub-2")

    def test_an_impostor_under_the_hubs_key_id(self, hub, client):
        hub.keys = {"hub-1": PrivateKey.generate()}
        self.refused(client, hub, lambda reply: reply, "does not verify")

    def test_a_hub_that_does_not_know_us(self, hub, client, waits):
        hub.partners.clear()
        unverified = self.refused(client, hub, lambda reply: reply, "not signed")
        assert (unverified.status, hub.refusals) == (401, ["signature-invalid"])
        assert b"signature-invalid" in unverified.content
        assert waits == []


class TestFetchHubKeys:
    def test_reads_both_kinds(self, hub):
        hub.keys["hub-2"] = PrivateKey.generate("ecdsa-p256-sha256")
        assert set(fetch_hub_keys(hub.origin)) == {"hub-1", "hub-2"}

    def test_a_hub_may_sign_with_p256(self, hub, partner_key):
        hub.keys = {"hub-2": PrivateKey.generate("ecdsa-p256-sha256")}
        keys = fetch_hub_keys(hub.origin)
        client = Client(hub.origin, "till-1", partner_key.to_pem(), keys)
        assert client.call("GET", "/v1/rates").status == 200
        client.close()

    def test_a_hub_without_keys(self, hub):
        hub.mischief = lambda reply: (404, {}, b"")
        with pytest.raises(OSError, match="404"):
            fetch_hub_keys(hub.origin)
