"""Somebody with a browser, as far as HTTP goes: cookies, forms with their tokens, redirects.

`site` is the hub in this process behind a real port, with a clock that tests move and an outbox
that they read; a `Visitor` works as well against a hub of tests/server.py.
"""

import http.client
import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit
from uuid import UUID

from werkzeug.routing import Rule
from werkzeug.serving import WSGIRequestHandler, make_server

from kit.database import Database
from kit.secrets import Secrets
from members.notices.senders import Message, Outbox
from members.people import persons, sessions, store
from members.store import member_of_wallet
from partners.public_keys import PrivateKey
from sdk.python.tongbao_client import fetch_hub_keys
from settlement.sealing.sealer import Sealer
from tests.cluster import Address
from tests.server import SECRET, environment, free_port
from web import config
from web.app import create_app

SECRETS = Secrets(SECRET.encode())
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_numbers = count(13_800_000_000)


@dataclass
class Answer:
    """What came back; `text` is the body as it stands, `words` what a reader sees of it."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes
    path: str

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def words(self) -> str:
        reader = _Reader()
        reader.feed(self.text)
        return re.sub(r"\s+", " ", "".join(reader.words)).strip()

    @property
    def location(self) -> str:
        return self.headers.get("Location", "")

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def forms(self) -> list["PageForm"]:
        """Every form of the page with what it would send untouched."""
        reader = _Reader()
        reader.feed(self.text)
        return reader.forms

    def form(self, action: str) -> "PageForm":
        """The first form that goes to this path; one without an action goes to the page itself."""
        for form in self.forms:
            if (form.action or self.path).partition("?")[0] == action.partition("?")[0]:
                return form
        raise AssertionError(f"{self.path} has no form to {action}: {self.words}")


@dataclass
class PageForm:
    action: str
    fields: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.forms: list[PageForm] = []
        self._select = ""
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(PageForm(given.get("action", "")))
        elif tag == "select":
            self._select = given.get("name", "")
        elif self.forms and tag == "option" and ("selected" in given or self._is_first()):
            self.forms[-1].fields[self._select] = given.get("value", "")
        elif self.forms and tag == "input" and given.get("name"):
            unchecked = given.get("type") in ("radio", "checkbox") and "checked" not in given
            if not unchecked:
                self.forms[-1].fields[given["name"]] = given.get("value", "")
        elif tag in ("script", "style", "svg"):
            self._hidden += 1
        if tag not in ("a", "b", "span", "time", "strong"):
            self.words.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "svg"):
            self._hidden -= 1

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)

    def _is_first(self) -> bool:
        return self._select not in self.forms[-1].fields


class Visitor:
    """A browser without eyes, on the hub at `origin`. Redirects are followed only by `go`."""

    def __init__(self, origin: str, *, language: str = "en", agent: str = FIREFOX) -> None:
        self.origin = origin
        self.language = language
        self.agent = agent
        self.cookies: dict[str, str] = {}
        self.last: Answer | None = None

    def get(self, path: str, **headers: str) -> Answer:
        """Ask for a page; nothing is followed."""
        return self.send("GET", path, headers=headers)

    def go(self, path: str) -> Answer:
        """Ask for a page, and follow wherever it leads."""
        return self.follow(self.get(path))

    def post(self, path: str, *, on: str = "", **fields: str) -> Answer:
        """Send the form that goes to `path`: from the page seen last if it has one, else from the
        page at `on`, else from the page at `path` itself. What the form holds is sent with it."""
        form = self._form(path, on)
        return self.send("POST", path, {**form.fields, **fields})

    def upload(
        self, path: str, name: str, content: bytes, *, on: str = "", **fields: str
    ) -> Answer:
        """As `post`, with a file in the field `name`; nothing is followed."""
        sent = {**self._form(path, on).fields, **fields}
        sent.pop(name, None)
        mark = "------------------------a-file-of-a-test"
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
            for key, value in sent.items()
        ]
        head = f'Content-Disposition: form-data; name="{name}"; filename="{name}.xml"'
        parts.append(f"--{mark}\r\n{head}\r\nContent-Type: text/xml\r\n\r\n".encode())
        body = b"".join(parts) + content + f"\r\n--{mark}--\r\n".encode()
        kind = f"multipart/form-data; boundary={mark}"
        return self.send("POST", path, body=body, headers={"Content-Type": kind})

    def submit(self, path: str, *, on: str = "", **fields: str) -> Answer:
        """As `post`, and follow wherever it leads."""
        return self.follow(self.post(path, on=on, **fields))

    def follow(self, answer: Answer) -> Answer:
        for _ in range(5):
            if answer.status not in (301, 302, 303, 307, 308):
                return answer
            there = urlsplit(urljoin(self.origin + answer.path, answer.location))
            assert f"{there.scheme}://{there.netloc}" == self.origin, answer.location
            answer = self.get(there.path + (f"?{there.query}" if there.query else ""))
        raise AssertionError(f"it goes round and round: {answer.location}")

    def token(self, on: str = "/sign-in") -> str:
        """A token for forms and scripts of this visitor."""
        for form in (self.go(on)).forms:
            if "csrf_token" in form.fields:
                return form.fields["csrf_token"]
        raise AssertionError(f"{on} has no form")

    def ask(self, path: str, *, on: str = "") -> Answer:
        """What a page's script asks by POST, with the page's token in a header."""
        return self.send("POST", path, {}, headers={"X-CSRFToken": self.token(on or "/sign-in")})

    def send(
        self,
        method: str,
        path: str,
        fields: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """One request as it stands: no token is added. `body` is sent if there are no fields."""
        body = body if fields is None else urlencode(fields).encode()
        sent = {
            "Accept": "text/html",
            "Accept-Language": self.language,
            "User-Agent": self.agent,
            **({"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}),
            **(headers or {}),
        }
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        where = urlsplit(self.origin)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=30)
        try:
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            answer = Answer(response.status, response.headers, response.read(), path)
        finally:
            connection.close()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            self._keep(cookie)
        if answer.headers.get_content_type() == "text/html" and answer.status not in (302, 303):
            self.last = answer
        return answer

    def _keep(self, cookie: str) -> None:
        name, _, value = cookie.partition(";")[0].partition("=")
        gone = re.search(r"Max-Age=0(;|$)", cookie, re.IGNORECASE)
        if gone:
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value

    def _form(self, path: str, on: str) -> PageForm:
        if self.last is not None and not on:
            try:
                return self.last.form(path)
            except AssertionError:
                pass
        return self.go(on or path).form(path)


class MovableClock:
    """Now, unless a test moved it; it stands still while `at` is set."""

    def __init__(self) -> None:
        self.at: datetime | None = None
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return (self.at or datetime.now(UTC)) + self.ahead

    def advance(self, **by: float) -> None:
        self.ahead += timedelta(**by)

    def reset(self) -> None:
        self.at, self.ahead = None, timedelta()


@dataclass(frozen=True)
class Site:
    """The hub in this process; as `tests.server.Server` for whoever needs its keys and port."""

    origin: str
    port: int
    keys: dict[str, Any] = field(repr=False)
    clock: MovableClock
    outbox: Outbox
    home: Path
    sealer: Sealer = field(repr=False)
    rules: list[Rule] = field(repr=False)

    @property
    def key_file(self) -> Path:
        return self.home / "hub-key.pem"

    def visitor(self, **options: Any) -> Visitor:
        return Visitor(self.origin, **options)

    def messages(self, number: str = "") -> list[Message]:
        """The newest first, all or those to a number."""
        found = self.outbox.messages()
        return [one for one in found if not number or one.to == number]

    def code(self, number: str) -> str:
        """The code that was sent to this number last."""
        for message in self.messages(number):
            if found := re.search(r"(?<!\d)\d{6}(?!\d)", message.text):
                return found.group()
        raise AssertionError(f"no code was sent to {number}")

    def forget_messages(self) -> None:
        for file in (self.home / "outbox").glob("*"):
            file.unlink()


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        """Granian writes no access log either (`--no-log`)."""


@contextmanager
def site_at(address: Address, folder: Path, host: str = "localhost", **more: str) -> Iterator[Site]:
    """Serve the hub from this process, with `more` settings. `localhost`, as passkeys belong to a
    name."""
    port = free_port()
    key_file = folder / "hub-key.pem"
    key_file.write_text(PrivateKey.generate().to_pem())
    origin = f"http://{host}:{port}"
    settings = config.load(environment(address, port, key_file) | {"HUB_ORIGIN": origin} | more)
    clock = MovableClock()
    app = create_app(settings, clock=clock)
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        keys = fetch_hub_keys(origin)
        outbox, rules = Outbox(folder), list(app.url_map.iter_rules())
        yield Site(origin, port, keys, clock, outbox, folder, settings.sealer, rules)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions["wallets"].funnel.close()
        app.extensions["database"].close()


@dataclass(frozen=True)
class SignedIn:
    """Who a visitor is now."""

    person: UUID
    member: UUID
    wallet: int
    session: UUID
    number: str


def next_number() -> str:
    """A mobile number that no other test has (E.164)."""
    return f"+86{next(_numbers)}"


def sign_in_as(
    visitor: Visitor,
    database: Database,
    *,
    number: str = "",
    name: str = "",
    wallet: int | None = None,
    language: str | None = None,
    proved: bool = True,
    now: datetime | None = None,
) -> SignedIn:
    """Sign the visitor in without a code: as whoever has this number, else as a new person, whose
    wallet is `wallet` (a member's that nobody owns) or a new one. `proved` spares a fresh proof."""
    now = now or datetime.now(UTC)
    number = number or next_number()
    with database.transaction() as session:
        person = persons.find(session, SECRETS, number)
        if person is None:
            member = _member(session, wallet, now)
            person = persons.open_person(
                session, SECRETS, number, member=member, name=name, language=language, now=now
            )
        opened = sessions.begin(
            session, SECRETS, person, how="code", device="Firefox, Linux", now=now, proved=proved
        )
        row = store.session_of(
            session,
            SECRETS.digest("session", opened.token),
            seen_after=now - timedelta(days=1),
            opened_after=now - timedelta(days=1),
        )
    assert row is not None
    visitor.cookies["wallet"] = opened.token
    visitor.last = None
    return SignedIn(row["person"], row["member"], row["wallet"], opened.id, number)


def _member(session: Any, wallet: int | None, now: datetime) -> UUID:
    if wallet is None:
        return persons.new_member(session, now)
    return member_of_wallet(session, wallet)
