"""A load of ready-made requests over many connections, from one thread: little of it is ours."""

import selectors
import socket
import time
from dataclasses import dataclass, field


@dataclass(slots=True)
class Result:
    """What came back: answers by status, seconds for each, and the first bodies for sampling."""

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    sample: list[tuple[int, bytes, bytes]] = field(default_factory=list)  # number, head, body

    @property
    def per_second(self) -> float:
        return sum(self.statuses.values()) / self.seconds


class _Connection:
    __slots__ = ("buffer", "number", "sent_at", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.number = -1
        self.sent_at = 0.0


def run(port: int, requests: list[bytes], connections: int, sample: int = 20) -> Result:
    """Send every request once, each connection always one in flight."""
    result = Result()
    selector = selectors.DefaultSelector()
    waiting = iter(enumerate(requests))
    open_ = 0
    started = time.perf_counter()
    for _ in range(connections):
        connection = _Connection(port)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        if _send(connection, waiting):
            open_ += 1
    while open_:
        for key, _ in selector.select():
            connection = key.data
            answer = _receive(connection)
            if answer is None:
                continue
            status, head, body = answer
            result.statuses[status] = result.statuses.get(status, 0) + 1
            result.latencies.append(time.perf_counter() - connection.sent_at)
            if len(result.sample) < sample:
                result.sample.append((connection.number, head, body))
            if not _send(connection, waiting):
                selector.unregister(connection.socket)
                connection.socket.close()
                open_ -= 1
    result.seconds = time.perf_counter() - started
    selector.close()
    return result


def _send(connection: _Connection, waiting: enumerate[bytes]) -> bool:
    following = next(waiting, None)
    if following is None:
        return False
    connection.number, request = following
    connection.sent_at = time.perf_counter()
    connection.socket.sendall(request)
    return True


def _receive(connection: _Connection) -> tuple[int, bytes, bytes] | None:
    chunk = connection.socket.recv(65536)
    if not chunk:
        raise ConnectionError("the hub closed a connection")
    buffer = connection.buffer + chunk
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        connection.buffer = buffer
        return None
    head = buffer[:end]
    at = head.lower().find(b"content-length:")
    length = int(head[at + 15 :].split(b"\r\n", 1)[0])
    if len(buffer) < end + 4 + length:
        connection.buffer = buffer
        return None
    connection.buffer = b""
    return int(head[9:12]), head, buffer[end + 4 :]
