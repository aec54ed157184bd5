"""A process that closes a window, and kills itself at a given commit, as a power cut would."""

import os
import signal
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Literal

from sqlalchemy import event
from sqlalchemy.orm import Session

from kit.database import Database
from partners.public_keys import PrivateKey
from settlement import closing
from settlement.sealing.sealer import Sealer
from tests.settlement.coalition import NOW, Coalition

Moment = Literal["before_commit", "after_commit"]


class DoomedCloser:
    """Closes the coalition's open window in a process of its own, which waits for `go`.

    It dies at its `commit`-th commit, at that `moment` of it; without one, when it is killed.
    """

    def __init__(
        self,
        coalition: Coalition,
        next_name: str,
        *,
        commit: int = 0,
        moment: Moment = "before_commit",
    ) -> None:
        sealer = coalition.signer
        self._ours, theirs = get_context("spawn").Pipe()
        self.process = get_context("spawn").Process(
            target=_close,
            args=(
                *(coalition.database.url, coalition.window, next_name),
                *(sealer.id, sealer.private.to_pem(), sealer.secret, sealer.heads),
                *(commit, moment, theirs),
            ),
        )
        self.process.start()
        theirs.close()
        self._ours.recv()

    def go(self) -> None:
        self._ours.send("now")

    def ended(self) -> bool:
        """Once it has: whether it finished; False when it was killed."""
        self.process.join()
        self._ours.close()
        code = self.process.exitcode
        assert code in (0, -signal.SIGKILL)
        return code == 0


def _close(
    url: str,
    window: str,
    next_name: str,
    key_id: str,
    key: str,
    secret: bytes,
    heads: Path,
    commit: int,
    moment: Moment,
    pipe: Connection,
) -> None:
    database = Database(url)
    with database.transaction():  # A connection that is made takes its time.
        pass
    signer = Sealer(key_id, PrivateKey.from_pem(key), secret, heads)
    seen = 0

    def die(session: Session) -> None:
        nonlocal seen
        seen += 1
        if seen == commit:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Session, moment, die)
    pipe.send("ready")
    pipe.recv()
    closing.close(
        database, window=window, next_name=next_name, currency="CNY", by="mei", now=NOW,
        signer=signer,
    )  # fmt: skip
    database.close()
