"""A place for benchmarks to run in, apart from every other server; kept from run to run."""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from kit import postgres
from tests.cluster import CHECKOUT


@pytest.fixture(scope="session")
def hub_home() -> Iterator[Path]:
    """HUB_HOME for `bin/bench`; the last test process to leave stops the server under it."""
    digest = hashlib.sha256(os.fsencode(CHECKOUT)).hexdigest()[:8]
    home = Path(tempfile.gettempdir()) / f"tongbao-bench-{os.geteuid()}-{digest}"
    (home / "bench").mkdir(parents=True, exist_ok=True)
    with (home / "tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield home
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            postgres.stop(home / "bench")
