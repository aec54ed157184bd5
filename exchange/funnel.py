"""The funnel: where the concurrent orders of a process meet, to be posted in one transaction.

The first order that finds nobody writing posts at once, alone. Those that come while it does so
gather, and the first of them posts them all when it is done: the busier the hub, the more orders
share one commit. Nobody ever waits for company. There is no thread of the funnel's own: whoever
posts is one of the requests, so when the last request has been answered nothing is left over.
"""

import threading
import time
from collections import deque
from collections.abc import Sequence

from exchange import ledger
from exchange.ledger import Outcome
from exchange.orders import Order
from kit.database import Busy, Connections, DatabaseUnavailable

ORDERS_AT_ONCE = 64  # More would gain little, and hold more wallets' locks for longer.
ORDERS_WAITING = 256
SECONDS_WAITING = 2.0


class Funnel:
    """Posts orders from many threads over few connections.

    As many transactions run at once as there are connections, of at most `at_once` orders each. An
    order that finds `waiting` others before it, or is not begun within `seconds`, is Busy.
    """

    def __init__(
        self,
        connections: Sequence[Connections],
        *,
        at_once: int = ORDERS_AT_ONCE,
        waiting: int = ORDERS_WAITING,
        seconds: float = SECONDS_WAITING,
    ) -> None:
        self._free = list(connections)  # Each is used by one writer at a time.
        self._at_once = at_once
        self._room = waiting
        self._seconds = seconds
        self._lock = threading.Lock()
        self._waiting: deque[_Job] = deque()

    def post(self, order: Order) -> Outcome:
        """Post an order, with whatever others are waiting; return when it is committed.

        Raises Busy (nothing was written), DatabaseUnavailable (not known), BooksClosed.
        """
        job = _Job(order)
        with self._lock:
            if len(self._waiting) >= self._room:
                raise Busy
            self._waiting.append(job)
            job.connection = self._free.pop() if self._free else None
        while True:
            if job.connection is not None:
                self._write(job)
            if job.done:
                return job.result()
            self._wait(job)

    def close(self) -> None:
        """Close the connections that nobody writes over."""
        with self._lock:
            for connection in self._free:
                connection.close()

    def _wait(self, job: "_Job") -> None:
        """Until the job is done, or it is its turn to write."""
        if not job.woken.acquire(timeout=self._seconds):
            with self._lock:
                if job in self._waiting and job.connection is None:
                    self._waiting.remove(job)
                    raise Busy
            job.woken.acquire()  # It was begun in this very moment.

    def _write(self, writer: "_Job") -> None:
        """Post what waits, call upon the next writer, hand out the outcomes."""
        connection, writer.connection = writer.connection, None
        if connection is None:
            raise TypeError("a writer needs a connection")
        with self._lock:
            taken = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._at_once))]
        try:
            self._post(connection, taken)
        finally:
            with self._lock:
                following = next((job for job in self._waiting if job.connection is None), None)
                if following is None:
                    self._free.append(connection)
                else:
                    following.connection = connection
                    following.woken.release()
            for job in taken:
                job.done = True
                job.woken.release()

    def _post(self, connection: Connections, jobs: list["_Job"]) -> None:
        """One transaction for all; where that fails, one for each, to spare the others.

        A wallet that somebody keeps locked takes a second of each order that wants it: there is a
        time after which whoever is left is refused with Busy.
        """
        if not jobs:  # Another writer was faster.
            return
        try:
            outcomes = ledger.post(connection, [job.order for job in jobs])
        except DatabaseUnavailable as error:  # All may have happened.
            for job in jobs:
                job.error = error
        except Exception as error:
            if len(jobs) == 1:
                jobs[0].error = error
            else:
                give_up = time.monotonic() + self._seconds
                for job in jobs:
                    if time.monotonic() < give_up:
                        self._post(connection, [job])
                    else:
                        job.error = Busy()
        else:
            for job, outcome in zip(jobs, outcomes, strict=True):
                job.outcome = outcome


class _Job:
    """An order, and the thread that waits for its outcome."""

    __slots__ = ("connection", "done", "error", "order", "outcome", "woken")

    def __init__(self, order: Order) -> None:
        self.order = order
        self.outcome: Outcome | None = None
        self.error: Exception | None = None
        self.done = False
        self.connection: Connections | None = None  # To write with, when it is this one's turn.
        self.woken = threading.Semaphore(0)

    def result(self) -> Outcome:
        if self.outcome is not None:
            return self.outcome
        raise self.error or RuntimeError("an order left the funnel without an outcome")
