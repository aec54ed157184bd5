"""`bin/demo call harvest GET /v1/position`: one signed request as a brand, its answer verified."""

import json
import sys
from collections.abc import Sequence

from demo import home, keyring
from demo.brands import BY_SLUG
from sdk.python.tongbao_client import OutcomeUnknown

USAGE = "usage: bin/demo call BRAND METHOD PATH ['JSON']\n  brands: " + ", ".join(BY_SLUG)


def call(arguments: Sequence[str]) -> int:
    """Print the answer; 0 when it is a success, 1 when it is not, 2 when nothing was asked."""
    if len(arguments) not in (3, 4) or arguments[0] not in BY_SLUG:
        print(USAGE, file=sys.stderr)
        return 2
    slug, method, path, *content = arguments
    try:
        body = json.loads(content[0]) if content else None
        ring = keyring.load(home.location() / "keys")
        client = ring.clients(keyring.desk_for(method.upper(), path))[slug]
        answer = client.call(method.upper(), path, body)
    except ValueError as error:
        print(f"This is no JSON: {error}", file=sys.stderr)
        return 2
    except (OSError, OutcomeUnknown) as error:
        print(f"No verified answer ({error}). Is bin/demo running?", file=sys.stderr)
        return 1
    print(f"{answer.status}, signed by the hub and verified", file=sys.stderr)
    if isinstance(answer.body, bytes):
        sys.stdout.buffer.write(answer.body)
    else:
        print(json.dumps(answer.body, indent=2, ensure_ascii=False))
    return 0 if answer.status < 400 else 1
