"""Carrying messages to members: an outbox for development, SMTP, or whatever has this one method.

What a member is reached by is a phone number; how a number becomes an address is the sender's own
business. A mail server is told it in its URL (`to={number}@sms.example`).
"""

import json
import os
import secrets
import smtplib
import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from importlib import import_module
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

SECONDS = 10.0  # that a mail server may take for each step
PORTS = {"smtp": 25, "starttls": 587, "smtps": 465}


class NotDelivered(Exception):  # noqa: N818 - what happened, and it may happen to anybody
    """The message was not taken; it may be tried again. Holds no word of the message."""


class Sender(Protocol):
    """Whoever carries a message to a phone number (`+86…`), or fails to."""

    def send(self, to: str, subject: str, text: str) -> None:
        """Hand the message over. Raises NotDelivered; a return means that it was taken."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it lies in the outbox."""

    to: str
    subject: str
    text: str
    at: datetime


class Outbox:
    """Messages as files in `home`/outbox, for whoever develops: nothing leaves the machine."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "outbox"

    def send(self, to: str, subject: str, text: str) -> None:
        """Write one file that only this user may read: all of it, or none."""
        content = json.dumps({"to": to, "subject": subject, "text": text}, ensure_ascii=False)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            name = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
            half = self._folder / f".{name}"
            with os.fdopen(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(content)
            half.rename(self._folder / f"{name}.json")
        except OSError as error:
            raise NotDelivered(f"the outbox cannot be written: {error.strerror}") from error

    def messages(self, limit: int = 100) -> list[Message]:
        """The newest first."""
        if not self._folder.is_dir():
            return []
        files = sorted(self._folder.glob("[0-9]*.json"), reverse=True)[:limit]
        return [_read(file) for file in files]


def _read(file: Path) -> Message:
    at = datetime.fromtimestamp(int(file.name.split("-")[0]) / 1e9, UTC)
    return Message(**json.loads(file.read_text(encoding="utf-8")), at=at)


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A mail server, and how phone numbers become addresses there."""

    scheme: str
    host: str
    port: int
    sender: str
    recipient: str
    user: str = ""
    password: str = field(default="", repr=False)
    authorities: str | None = None

    @classmethod
    def from_url(cls, url: str) -> "Address":
        """`smtps://user:password@mail.example:465/?from=hub@example&to={number}@sms.example`

        Schemes: `smtps` (TLS from the first byte), `starttls` (TLS or nothing), `smtp` (none).
        `{number}` is the phone number with its plus sign, `{digits}` without; `ca` names a file
        of authorities to trust in place of the system's. Raises ValueError.
        """
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query))
        if parts.scheme not in PORTS or not parts.hostname:
            raise ValueError("the URL must begin with smtps://, starttls:// or smtp:// and a host")
        if "@" not in options.get("from", "") or "@" not in options.get("to", ""):
            raise ValueError("the URL must say from=ADDRESS and to={number}@HOST")
        made = cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=parts.port or PORTS[parts.scheme],
            sender=options["from"],
            recipient=options["to"],
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            authorities=options.get("ca"),
        )
        if made.of("+1") == made.of("+2"):
            raise ValueError("to= must hold {number} or {digits}: members are not all one")
        return made

    @property
    def is_private(self) -> bool:
        """Whether nobody on the way can read what is sent."""
        return self.scheme != "smtp" or self.host in ("localhost", "127.0.0.1", "::1")

    def of(self, number: str) -> str:
        """Where messages for this phone number go."""
        plain = self.recipient.replace("{number}", number)
        return plain.replace("{digits}", number.removeprefix("+"))


class Smtp:
    """Messages by mail: one connection each, as the server may be another one by the next time."""

    def __init__(self, url: str) -> None:
        self.address = Address.from_url(url)

    def send(self, to: str, subject: str, text: str) -> None:
        self.mail(self.address.of(to), subject, text)

    def mail(self, to: str, subject: str, text: str) -> None:
        """To an address as it is: those who work for the hub have one. Raises NotDelivered."""
        mail = EmailMessage()
        mail["From"] = self.address.sender
        mail["To"] = to
        mail["Subject"] = subject
        mail["Date"] = formatdate()
        mail["Message-ID"] = make_msgid(domain=self.address.sender.partition("@")[2])
        mail.set_content(text)
        try:
            with self._connect() as server:
                if self.address.user:
                    server.login(self.address.user, self.address.password)
                server.send_message(mail)
        except (OSError, smtplib.SMTPException) as error:
            # What the server said may repeat the address: its kind is enough for a log.
            raise NotDelivered(f"the mail server: {type(error).__name__}") from None

    def _connect(self) -> smtplib.SMTP:
        where = (self.address.host, self.address.port)
        if self.address.scheme == "smtps":
            return smtplib.SMTP_SSL(*where, timeout=SECONDS, context=self._tls())
        server = smtplib.SMTP(*where, timeout=SECONDS)
        if self.address.scheme == "starttls":
            try:
                server.starttls(context=self._tls())
            except BaseException:
                server.close()
                raise
        return server

    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.address.authorities)


def plugged(name: str) -> Sender:
    """`package.module:maker`: what that function, called without arguments, returns.

    Raises ValueError when there is none, or what it makes cannot send.
    """
    module, _, maker = name.partition(":")
    try:
        made = getattr(import_module(module), maker)()
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{name} cannot be imported: {error}") from error
    if not callable(getattr(made, "send", None)):
        raise ValueError(f"{name} made something without a `send`")
    sender: Sender = made
    return sender
