"""The load generator against a little server of the test's own, whose delays are known."""

import math
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest

from bench import load

REQUEST = b"GET / HTTP/1.1\r\n\r\n"


@contextmanager
def server(*, slow: int = -1, seconds: float = 0.0, content: int = 2) -> Iterator[int]:
    """Answers every request; the one numbered `slow` (of all) only after `seconds`."""
    listening = socket.create_server(("127.0.0.1", 0))
    count = iter(range(10**9))

    def serve(connection: socket.socket) -> None:
        with connection:
            while connection.recv(65536):
                if next(count) == slow:
                    time.sleep(seconds)
                body = b"x" * content
                head = f"HTTP/1.1 201 Created\r\ncontent-length: {len(body)}\r\n\r\n".encode()
                # In two parts: an answer need not come at once.
                connection.sendall(head[:20])
                connection.sendall(head[20:] + body)

    def accept() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


@contextmanager
def connected(port: int, count: int) -> Iterator[list[socket.socket]]:
    connections = load.connect(port, count)
    try:
        yield connections
    finally:
        for one in connections:
            one.close()


class TestClosed:
    def test_sends_every_request_once(self) -> None:
        with server() as port, connected(port, 4) as connections:
            result = load.closed(connections, [REQUEST] * 50)
        assert result.done == 50
        assert result.statuses == {201: 50}
        assert not any(math.isnan(latency) for latency in result.latencies)

    def test_reads_answers_that_come_in_parts(self) -> None:
        with server(content=3_000_000) as port, connected(port, 2) as connections:
            result = load.closed(connections, [REQUEST] * 4)
        assert {len(answer or b"") > 3_000_000 for answer in result.answers} == {True}

    def test_stops_when_its_time_is_over(self) -> None:
        with server(slow=5, seconds=0.3) as port, connected(port, 1) as connections:
            result = load.closed(connections, [REQUEST] * 100_000, seconds=0.1)
        assert 6 <= result.done < 100_000
        assert result.answers[result.done :] == [None] * (100_000 - result.done)

    def test_stops_when_told(self) -> None:
        with server() as port, connected(port, 1) as connections:
            asked = iter([False, False, True])
            result = load.closed(connections, [REQUEST] * 9, until=lambda: next(asked))
        assert result.done == 3

    def test_says_when_a_connection_was_closed(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            port = listening.getsockname()[1]
            threading.Thread(target=lambda: listening.accept()[0].close(), daemon=True).start()
            with connected(port, 1) as connections, pytest.raises(ConnectionError):
                load.closed(connections, [REQUEST])


class TestPaced:
    def test_a_stall_is_felt_by_all_who_come_meanwhile(self) -> None:
        due = [0.01 * number for number in range(40)]
        with server(slow=10, seconds=0.2) as port, connected(port, 1) as connections:
            result = load.paced(connections, [REQUEST] * 40, due)
        # Request 10 takes 200 ms; those due 50 and 100 ms after it wait for what is left of that.
        assert result.latencies[10] >= 0.2
        assert result.latencies[15] >= 0.15
        assert result.latencies[20] >= 0.10
        assert result.queued >= 15

    def test_with_connections_to_spare_nobody_else_waits(self) -> None:
        due = [0.01 * number for number in range(40)]
        with server(slow=10, seconds=0.3) as port, connected(port, 8) as connections:
            result = load.paced(connections, [REQUEST] * 40, due)
        late = [number for number, latency in enumerate(result.latencies) if latency >= 0.25]
        assert len(late) == 1
        assert result.queued == 0

    def test_nothing_is_sent_before_it_is_due(self) -> None:
        with server() as port, connected(port, 4) as connections:
            result = load.paced(connections, [REQUEST] * 5, [0.0, 0.05, 0.1, 0.15, 0.2])
        assert result.seconds >= 0.2
        assert all(latency > 0 for latency in result.latencies)


class TestArrivals:
    def test_come_in_order_within_the_time_and_at_the_rate(self) -> None:
        due = load.arrivals(1000, 10, seed=1)
        assert due == sorted(due)
        assert due[0] > 0
        assert due[-1] < 10
        assert 9_500 < len(due) < 10_500

    def test_are_as_irregular_as_customers(self) -> None:
        due = load.arrivals(1000, 10, seed=2)
        gaps = [later - earlier for earlier, later in pairwise(due)]
        mean = sum(gaps) / len(gaps)
        deviation = math.sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
        assert 0.9 < deviation / mean < 1.1

    def test_are_the_same_for_the_same_seed(self) -> None:
        assert load.arrivals(50, 1, seed=3) == load.arrivals(50, 1, seed=3)
