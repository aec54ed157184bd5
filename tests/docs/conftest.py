from tests.sdk.conftest import hub
from tests.server import coalition, server

__all__ = ["coalition", "hub", "server"]
