from tests.sdk.conftest import hub

__all__ = ["hub"]
