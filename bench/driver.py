"""Takes of a running hub: sign, send, count, and see that every answer is what it should be."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from socket import socket
from typing import Self

from bench import asking, load
from bench.asking import Ask
from bench.load import Result
from bench.measuring import Meter, Take
from bench.place import Hub, Place, hub
from bench.signing import Signer, verify
from partners.public_keys import ED25519

WARM = 300  # requests
SAMPLE = 20  # answers whose signature is verified
IDLE = 10.0  # seconds
PATIENCE = 256  # connections of a paced load: more than are ever late at once
Asker = Callable[[], Ask]


class Driver:
    """A hub, connections to it, and how many requests a second it was last seen to answer."""

    def __init__(self, place: Place, running: Hub, signer: Signer) -> None:
        self.place = place
        self.hub = running
        self.signer = signer
        self._open: list[socket] = []
        self._used_at = 0.0
        self._rate: dict[int, float] = {}

    @classmethod
    @contextmanager
    def over(cls, place: Place) -> Iterator[Self]:
        """A hub over the place, warm, until the block ends."""
        with hub(place) as running, Signer(place, running) as signer:
            driver = cls(place, running, signer)
            try:
                driver.closed(driver.any_redemption(), 16, 1.0, count=WARM)
                yield driver
            finally:
                driver.hang_up()

    def connections(self, count: int) -> Sequence[socket]:
        """That many connections, which stay open. The hub hangs up on those long idle; so do we."""
        if time.monotonic() - self._used_at > IDLE:
            self.hang_up()
        self._used_at = time.monotonic()
        missing = count - len(self._open)
        self._open += load.connect(self.hub.port, max(0, missing))
        return self._open[:count]

    def hang_up(self) -> None:
        """Close every connection."""
        for one in self._open:
            one.close()
        self._open.clear()

    @property
    def known_rate(self) -> float:
        """The most requests a second that the hub was seen to answer."""
        return max(self._rate.values())

    def meter(self) -> Meter:
        """Measures the hub's and the database's share."""
        postmaster = (self.place.server.data / "postmaster.pid").read_text().split()[0]
        return Meter(hub=self.hub.process.pid, database=int(postmaster))

    def any_redemption(self, algorithm: str = ED25519) -> Asker:
        """A redemption of any member."""
        place = self.place
        return lambda: asking.redemption(place, random.randint(1, place.members), algorithm)

    def closed(
        self,
        ask: Asker,
        connections: int,
        seconds: float,
        *,
        count: int | None = None,
        until: Callable[[], bool] | None = None,
    ) -> Take:
        """As many as the hub can answer; signed before, verified after the time that counts."""
        if count is None:
            # Half as many again as last time: a quicker round must not run out of requests.
            known = self._rate.get(connections, self.known_rate)
            count = max(200, int(1.5 * known * seconds))
        requests = self.signer.sign([ask() for _ in range(count)])
        opened = self.connections(connections)
        with self.meter() as meter:
            result = load.closed(opened, requests, seconds, until)
        self._used_at = time.monotonic()
        self._rate[connections] = result.per_second
        self.check(requests, result)
        return Take.of(result.done, meter, result.latencies)

    def paced(self, asks: Sequence[Ask], due: Sequence[float]) -> tuple[Take, Result]:
        """Each at its own time, over enough connections that a late answer delays nobody."""
        requests = self.signer.sign(asks)
        opened = self.connections(PATIENCE)
        with self.meter() as meter:
            result = load.paced(opened, requests, due)
        self._used_at = time.monotonic()
        self.check(requests, result)
        return Take.of(result.done, meter, result.latencies), result

    def check(self, requests: Sequence[bytes], result: Result) -> None:
        """Every answer says that it was done, and a sample is signed over its own request.

        Raises RuntimeError with the first answer that says otherwise, AnswerUnverified.
        """
        for answer in result.answers:
            if answer is not None and answer[9:10] != b"2":
                raise RuntimeError(f"not everything was done: {answer.decode('latin-1')}")
        done = [number for number, answer in enumerate(result.answers) if answer is not None]
        for number in random.sample(done, min(SAMPLE, len(done))):
            verify(self.hub, requests[number], result.answers[number] or b"")
