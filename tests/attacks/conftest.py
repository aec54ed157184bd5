"""These tests talk to a running hub over real HTTP, byte by byte."""

from collections.abc import Iterator

import pytest

from tests.attacks.scene import Scene, set_up
from tests.attacks.wire import Wire
from tests.server import Coalition, Server


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    """A connection that sends anything."""
    made = Wire(server)
    yield made
    made.close()


@pytest.fixture
def scene(coalition: Coalition, wire: Wire) -> Scene:
    """A shop with one of everything."""
    return set_up(coalition, wire)
