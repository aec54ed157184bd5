"""These tests talk to a running hub over real HTTP."""

from tests.server import coalition, server  # noqa: F401
