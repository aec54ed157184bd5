"""Load from one thread: ready-made requests over many connections, little of the work ours.

`closed` keeps every connection at one request in flight: the hub's peak. `paced` sends at times
that were set beforehand, answered or not: what a customer at a till waits.
"""

import math
import random
import select
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

LARGEST = 1 << 20  # bytes taken off a socket at once


@dataclass(slots=True)
class Result:
    """What came back, by the request's number: None and NaN for those that were not sent."""

    seconds: float
    answers: list[bytes | None]
    latencies: list[float]  # seconds
    queued: int = 0  # of a paced load: how many found every connection taken when they were due

    @property
    def done(self) -> int:
        return len(self.answers) - self.answers.count(None)

    @property
    def per_second(self) -> float:
        return self.done / self.seconds

    @property
    def statuses(self) -> Counter[int]:
        return Counter(int(answer[9:12]) for answer in self.answers if answer is not None)


def connect(port: int, count: int) -> list[socket.socket]:
    """Connections to the hub, kept open for every round."""
    made = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    for one in made:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def closed(
    connections: Sequence[socket.socket],
    requests: Sequence[bytes],
    seconds: float = math.inf,
    until: Callable[[], bool] | None = None,
) -> Result:
    """Every connection always one in flight, until requests or seconds run out, or `until` says.

    What is in flight then is waited for.
    """
    clock = time.perf_counter
    total = len(requests)
    answers: list[bytes | None] = [None] * total
    latencies = [math.nan] * total
    number_of: dict[int, int] = {}
    sent_at: dict[int, float] = {}
    receive = {one.fileno(): one.recv for one in connections}
    send = {one.fileno(): one.sendall for one in connections}
    parts: dict[int, bytes] = {}
    following = min(len(connections), total)
    in_flight = following
    with select.epoll() as poll:
        started = now = clock()
        ends = started + seconds
        for number, one in enumerate(connections[:following]):
            fd = one.fileno()
            poll.register(fd, select.EPOLLIN)
            number_of[fd] = number
            sent_at[fd] = clock()
            one.sendall(requests[number])
        while in_flight:
            for fd, _ in poll.poll():
                answer = receive[fd](LARGEST)
                if fd in parts:
                    answer = parts.pop(fd) + answer
                if not _is_whole(answer):
                    parts[fd] = answer
                    continue
                now = clock()
                number = number_of[fd]
                answers[number] = answer
                latencies[number] = now - sent_at[fd]
                if following < total and now < ends and not (until is not None and until()):
                    number_of[fd] = following
                    sent_at[fd] = now
                    send[fd](requests[following])
                    following += 1
                else:
                    in_flight -= 1
    return Result(now - started, answers, latencies)


def arrivals(per_second: float, seconds: float, seed: int) -> list[float]:
    """Seconds from the start at which independent customers come: a Poisson process."""
    dice = random.Random(seed)
    found: list[float] = []
    at = dice.expovariate(per_second)
    while at < seconds:
        found.append(at)
        at += dice.expovariate(per_second)
    return found


def paced(
    connections: Sequence[socket.socket], requests: Sequence[bytes], due: Sequence[float]
) -> Result:
    """Request `i` at `due[i]` seconds after the start, whatever became of those before it.

    A latency counts from when the request was due, so that a stall is felt by all who come
    meanwhile. The kernel rounds waiting up to a whole millisecond; that counts as the hub's.
    """
    clock = time.perf_counter
    total = len(due)
    answers: list[bytes | None] = [None] * total
    latencies = [math.nan] * total
    number_of: dict[int, int] = {}
    by_fd = {one.fileno(): one for one in connections}
    idle = list(by_fd)
    parts: dict[int, bytes] = {}
    following = done = queued = 0
    was_full = False
    with select.epoll() as poll:
        for fd in by_fd:
            poll.register(fd, select.EPOLLIN)
        started = clock()
        now = 0.0
        while done < total:
            while following < total and due[following] <= now and idle:
                fd = idle.pop()
                queued += was_full
                number_of[fd] = following
                by_fd[fd].sendall(requests[following])
                following += 1
                now = clock() - started
            was_full = not idle
            wait = -1.0 if was_full or following == total else max(0.0, due[following] - now)
            for fd, _ in poll.poll(wait):
                answer = by_fd[fd].recv(LARGEST)
                if fd in parts:
                    answer = parts.pop(fd) + answer
                if not _is_whole(answer):
                    parts[fd] = answer
                    continue
                number = number_of[fd]
                answers[number] = answer
                latencies[number] = clock() - started - due[number]
                idle.append(fd)
                done += 1
            now = clock() - started
    return Result(now, answers, latencies, queued)


def _is_whole(answer: bytes) -> bool:
    """Whether head and content are all there. Raises ConnectionError when nothing came at all."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        if not answer:
            raise ConnectionError("the hub closed a connection")
        return False
    at = answer.find(b"content-length: ", 0, end)
    if at < 0:
        raise ValueError(f"an answer of no stated length: {answer[:end]!r}")
    return len(answer) >= end + 4 + int(answer[at + 16 : answer.find(b"\r", at)])
