"""Configuration: from the environment, complete and safe, or the hub does not start."""

import json
import os
import re
import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from phonenumbers import SUPPORTED_REGIONS

from kit import postgres
from kit.errors import Refusal
from members.notices.senders import Outbox, Sender, Smtp, plugged
from partners.api.routes import HubKey
from partners.public_keys import PrivateKey, PublicKey
from settlement.sealing.sealer import Sealer
from staff.people.provider import Provider

DEFAULT_PORT = 8000
MIN_SECRET = 32  # bytes
CHECKOUT = Path(__file__).parent.parent
_WEAK = {"secret", "changeme", "password", "default", "development", "test"}


class UnsafeConfiguration(Exception):  # noqa: N818 - a reason not to start
    """Settings under which points or partners' trust would be at risk."""


@dataclass(frozen=True, slots=True)
class Config:
    """What the hub runs on. `owner_url` may change the schema, `app_url` may not."""

    home: Path
    port: int
    origin: str
    production: bool
    currency: str
    point_worth: int
    phone_region: str
    proxies: int
    app_url: str = field(repr=False)
    owner_url: str = field(repr=False)
    secret: bytes = field(repr=False)
    key: HubKey = field(repr=False)
    retired: dict[str, PublicKey] = field(repr=False)
    heads: Path
    sender: Sender = field(repr=False)
    provider: Provider | None
    cheap_passwords: bool

    @property
    def sealer(self) -> Sealer:
        """The hub's key with what sealing needs besides."""
        return Sealer(self.key.id, self.key.private, self.secret, self.heads)

    @property
    def public_keys(self) -> dict[str, PublicKey]:
        """Every key the hub signs or has signed with, by id."""
        return {**self.retired, self.key.id: self.key.private.public_key}


def home(environ: Mapping[str, str] | None = None) -> Path:
    """HUB_HOME: where the hub keeps its own database, secrets and files."""
    environ = os.environ if environ is None else environ
    return Path(environ.get("HUB_HOME") or CHECKOUT / ".hub").absolute()


def load(environ: Mapping[str, str] | None = None, *, start_database: bool = True) -> Config:
    """Read the environment; without DATABASE_URL, start the hub's own PostgreSQL.

    Raises UnsafeConfiguration.
    """
    environ = os.environ if environ is None else environ
    _refuse_optimised()
    production = _environment(environ)
    if production and environ.get("FLASK_DEBUG", "0") not in ("", "0"):
        raise UnsafeConfiguration("FLASK_DEBUG is set: no debugger in production")
    place = home(environ)
    port = _port(environ.get("HUB_PORT", str(DEFAULT_PORT)))
    origin = environ.get("HUB_ORIGIN", f"http://localhost:{port}").rstrip("/")
    if production and not origin.startswith("https://"):
        raise UnsafeConfiguration("HUB_ORIGIN must be the public https:// origin in production")
    owner_url, app_url = _urls(environ, place, production, start_database)
    return Config(
        home=place,
        port=port,
        origin=origin,
        production=production,
        currency=_currency(environ.get("HUB_CURRENCY", "CNY")),
        point_worth=_point_worth(environ.get("HUB_POINT_WORTH", "1000000")),
        phone_region=_phone_region(environ.get("HUB_PHONE_REGION", "CN")),
        proxies=_proxies(environ.get("HUB_PROXIES", "0")),
        app_url=app_url,
        owner_url=owner_url,
        secret=_secret(environ, place, production),
        key=_key(environ, place, production),
        retired=_retired(environ.get("HUB_RETIRED_KEYS", "")),
        heads=Path(environ.get("HUB_HEADS_FILE") or place / "heads.ndjson").absolute(),
        sender=_sender(environ, place, production),
        provider=_provider(environ, production),
        cheap_passwords=_cheap_passwords(environ.get("HUB_CHEAP_PASSWORDS", ""), production),
    )


def _refuse_optimised() -> None:
    if sys.flags.optimize:
        raise UnsafeConfiguration("python -O strips assertions: run the hub without it")


def _environment(environ: Mapping[str, str]) -> bool:
    named = environ.get("HUB_ENV", "development")
    if named not in ("development", "production"):
        raise UnsafeConfiguration(f"HUB_ENV is {named!r}: development or production")
    return named == "production"


def _currency(text: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", text):
        raise UnsafeConfiguration(f"HUB_CURRENCY is {text!r}, not three letters of ISO 4217")
    return text


def _point_worth(text: str) -> int:
    if not text.isdecimal():
        raise UnsafeConfiguration(
            f"HUB_POINT_WORTH is {text!r}, not millionths of a minor unit that a point is worth"
        )
    return int(text)


def _phone_region(text: str) -> str:
    if text not in SUPPORTED_REGIONS:
        raise UnsafeConfiguration(f"HUB_PHONE_REGION is {text!r}, not a country (ISO 3166)")
    return text


def _proxies(text: str) -> int:
    if not text.isdecimal() or int(text) > 9:
        raise UnsafeConfiguration(f"HUB_PROXIES is {text!r}, not how many stand before the hub")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise UnsafeConfiguration(f"HUB_PORT is {text!r}, not a port")
    return int(text)


def _urls(environ: Mapping[str, str], home: Path, production: bool, start: bool) -> tuple[str, str]:
    url = environ.get("DATABASE_URL")
    if url:
        # One server, two roles: migrations as the owner, everything else as one that cannot
        # change postings. A second URL may name that role; else the connection takes it on.
        return url, environ.get("HUB_APP_DATABASE_URL") or _as_app_role(url)
    if production:
        raise UnsafeConfiguration("DATABASE_URL must name the server in production")
    home.mkdir(parents=True, exist_ok=True)
    server = postgres.start(home) if start else postgres.running(home)
    if server is None:
        raise UnsafeConfiguration(f"no database is running under {home}")
    return server.url(), server.url(role="hub_app_login")


def _as_app_role(url: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}options=-c%20role%3Dhub_app"


def _secret(environ: Mapping[str, str], home: Path, production: bool) -> bytes:
    given = environ.get("HUB_SECRET")
    if given is None and not production:
        return bytes.fromhex(_kept(home / "secrets" / "hub.secret", secrets.token_hex(32)))
    if given is None or len(given.encode()) < MIN_SECRET or given.lower().strip() in _WEAK:
        raise UnsafeConfiguration(f"HUB_SECRET must be {MIN_SECRET} random bytes or more")
    if len(set(given)) < 8:
        raise UnsafeConfiguration("HUB_SECRET is too regular to be random")
    return given.encode()


def _key(environ: Mapping[str, str], home: Path, production: bool) -> HubKey:
    path = environ.get("HUB_KEY_FILE")
    if path is None and production:
        raise UnsafeConfiguration("HUB_KEY_FILE must name the hub's private signing key (PEM)")
    if path is None:
        pem = _kept(home / "secrets" / "hub-key.pem", PrivateKey.generate().to_pem())
    else:
        try:
            pem = Path(path).read_text(encoding="utf-8")
        except OSError as error:
            raise UnsafeConfiguration(f"HUB_KEY_FILE cannot be read: {error}") from error
    try:
        private = PrivateKey.from_pem(pem)
    except ValueError as error:
        raise UnsafeConfiguration("HUB_KEY_FILE holds no Ed25519 or P-256 private key") from error
    return HubKey(environ.get("HUB_KEY_ID", _key_id(private)), private)


def _sender(environ: Mapping[str, str], home: Path, production: bool) -> Sender:
    """Who carries messages to members: `outbox`, `smtp`, or `package.module:maker`."""
    named = environ.get("HUB_SENDER") or ("" if production else "outbox")
    if named == "outbox" and not production:
        return Outbox(home)
    if named in ("", "outbox"):
        raise UnsafeConfiguration("HUB_SENDER must be set in production, and not to outbox")
    try:
        if named != "smtp":
            return plugged(named)
        made = Smtp(environ.get("HUB_SMTP_URL", ""))
    except ValueError as error:
        setting = "HUB_SMTP_URL" if named == "smtp" else "HUB_SENDER"
        raise UnsafeConfiguration(f"{setting}: {error}") from error
    if production and not made.address.is_private:
        raise UnsafeConfiguration("HUB_SMTP_URL must be smtps:// or starttls:// in production")
    return made


def _provider(environ: Mapping[str, str], production: bool) -> Provider | None:
    """By whom personnel may sign in besides: an OpenID provider, all of it or none."""
    names = ("HUB_OIDC_ISSUER", "HUB_OIDC_CLIENT_ID", "HUB_OIDC_CLIENT_SECRET")
    issuer, client, secret = (environ.get(name, "") for name in names)
    if not (issuer or client or secret):
        return None
    for name in names:
        if not environ.get(name):
            raise UnsafeConfiguration(f"{name} is missing: the provider needs all three")
    place = urlsplit(issuer)
    if not place.hostname or place.query or place.fragment:
        raise UnsafeConfiguration(f"HUB_OIDC_ISSUER is {issuer!r}, not an issuer's address")
    if place.scheme != "https" and (production or place.scheme != "http"):
        raise UnsafeConfiguration("HUB_OIDC_ISSUER must be https:// in production")
    return Provider(
        issuer=issuer,
        client_id=client,
        client_secret=secret,
        name=environ.get("HUB_OIDC_NAME") or place.hostname,
    )


def _cheap_passwords(text: str, production: bool) -> bool:
    """For tests: hashing that costs nothing protects nothing."""
    if text and production:
        raise UnsafeConfiguration("HUB_CHEAP_PASSWORDS is for tests: not in production")
    return text == "for-tests"


def _retired(text: str) -> dict[str, PublicKey]:
    """`id=ed25519:… id=p256:…`: keys that signed before, and still vouch for what they signed."""
    found = {}
    for entry in text.split():
        key_id, _, public = entry.partition("=")
        try:
            found[key_id] = PublicKey.from_text(public)
        except Refusal as refusal:
            raise UnsafeConfiguration(f"HUB_RETIRED_KEYS, {key_id}: {refusal.detail}") from refusal
    return found


def _key_id(private: PrivateKey) -> str:
    """A name that changes with the key: the first letters of its public half."""
    return "hub-" + json.dumps(private.public_key.to_jwk("")["x"])[1:13].replace("_", "-")


def _kept(path: Path, fresh: str) -> str:
    """The text of a private file, made from `fresh` the first time; one maker wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(fresh)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        pass
    return path.read_text(encoding="utf-8")
