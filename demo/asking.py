"""What a brand's office asks of the hub: every answer is counted, and a refusal is the end."""

import re
from collections.abc import Iterator
from typing import Any

from demo.hub import HubFailed
from demo.tally import Tally
from sdk.python.tongbao_client import Client

_NEXT = re.compile(r'<([^>]+)>; rel="next"')


def get(office: Client, path: str, tally: Tally) -> Any:
    """The answer's body. Raises HubFailed, UnverifiedAnswer."""
    return _ask(office, "GET", path, None, tally)[0]


def post(office: Client, path: str, content: dict[str, Any], tally: Tally) -> Any:
    """The answer's body. Raises HubFailed, UnverifiedAnswer."""
    return _ask(office, "POST", path, content, tally)[0]


def put(office: Client, path: str, content: dict[str, Any], tally: Tally) -> Any:
    """The answer's body. Raises HubFailed, UnverifiedAnswer."""
    return _ask(office, "PUT", path, content, tally)[0]


def pages(office: Client, path: str, tally: Tally) -> Iterator[Any]:
    """The body of every page. Raises HubFailed, UnverifiedAnswer."""
    following: str | None = path
    while following:
        body, link = _ask(office, "GET", following, None, tally)
        yield body
        found = _NEXT.search(link)
        following = found and found[1]


def _ask(
    office: Client, method: str, path: str, content: dict[str, Any] | None, tally: Tally
) -> tuple[Any, str]:
    answer = office.call(method, path, content)
    tally.answers += 1  # An answer that did not verify is raised, never returned.
    if answer.status >= 300:
        raise HubFailed(f"{method} {path}: {answer.status} {answer.body}")
    return answer.body, answer.headers.get("link", "")
