"""These tests talk to a running hub over real HTTP, many at a time."""

from collections.abc import Iterator

import pytest

from tests.attacks.wire import Wire
from tests.races.volleys import Race
from tests.server import Coalition, Server


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    """A connection that sends anything, and volleys of them."""
    made = Wire(server)
    yield made
    made.close()


@pytest.fixture
def race(coalition: Coalition, wire: Wire) -> Race:
    """A shop, a member, and requests that start together."""
    return Race(coalition, wire)
