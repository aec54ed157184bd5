"""Who may do what: nobody without a signature, no key without its scope, none after its end.

The operations are the application's own list: a route that is added is tried here too.
"""

from partners.api.operations import ANY
from tests.attacks.scene import Scene, named
from tests.attacks.wire import Wire, refused, sign
from tests.server import EVERY_SCOPE
from web.app import OPERATIONS


def test_every_operation_has_a_request_that_succeeds(scene: Scene, wire: Wire) -> None:
    """Without this, the refusals below would prove nothing. Ends of things come last."""
    last = [named(name) for name in ("capture", "void", "revokeKey", "unlinkMember")]
    for operation in [one for one in OPERATIONS if one not in last] + last:
        if operation.name == "void":  # The hold was captured before.
            held = scene.shop.authorise(scene.objects["member"], 1)
            scene.objects["authorization"] = held.body["id"]
        answer = wire.send(scene.signed(operation))
        assert answer.status == operation.status, (operation.name, answer.body)
        assert answer.signed


def test_nothing_is_done_without_a_signature(scene: Scene, wire: Wire) -> None:
    before = scene.coalition.counts()
    for operation in OPERATIONS:
        request = scene.request(operation)
        signed = sign(request, scene.shop)
        refused(request, wire.send(request), 401, "signature-required", signed=False)
        for header in ("signature", "signature-input"):
            half = signed.but(**{header: None})
            refused(half, wire.send(half), 401, "signature-required", signed=False)
    assert scene.coalition.counts() == before


def test_no_key_does_what_it_has_no_scope_for(scene: Scene, wire: Wire) -> None:
    keys = {scope: scene.coalition.partner(scopes=(scope,)) for scope in EVERY_SCOPE}
    before = scene.coalition.counts()
    tried = 0
    for operation in OPERATIONS:
        for scope, partner in keys.items():
            if scope in operation.scopes:
                continue
            request = scene.signed(operation, partner=partner)
            answer = wire.send(request)
            refused(request, answer, 403, "scope-missing", signed=True)
            assert answer.json["needs"] == sorted(operation.scopes)
            tried += 1
    assert tried >= 60
    assert scene.coalition.counts() == before


def test_every_operation_names_its_scopes() -> None:
    for operation in OPERATIONS:
        assert operation.scopes
        assert operation.scopes <= ANY
        assert operation.method == "GET" or operation.scopes != ANY
