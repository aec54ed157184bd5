"""Signing in by OpenID Connect: the provider says who it is, and we check every word of it.

The code flow with PKCE, a state and a nonce. Only what the provider signed counts, by a key that it
publishes, with an asymmetric algorithm, for us, now, and for this very attempt.
"""

import hmac
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from authlib.common.security import generate_token
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from kit.json_over_http import NoAnswer, ask

SKEW: Final = 60  # seconds that the two clocks may differ
AT_ONCE: Final = 4  # questions of this process
KEPT: Final = 600.0  # seconds that the provider's description is believed
ATTEMPT: Final = timedelta(minutes=10)
ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "EdDSA",
)
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


class ProviderDown(Exception):  # noqa: N818 - what happened, and it may happen to anybody
    """It cannot be asked now, or does not answer as a provider does."""


class ProviderRefused(Exception):  # noqa: N818 - an expected answer
    """What came back does not prove who it is. The words are for the log, and hold no token."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Provider:
    """As the settings name it."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """What a browser keeps while it is at the provider's. `fresh` asks for a new proof there."""

    state: str
    nonce: str
    verifier: str
    began: float  # seconds since 1970
    fresh: bool

    @classmethod
    def begin(cls, now: datetime, *, fresh: bool) -> "Attempt":
        return cls(
            state=generate_token(32),
            nonce=generate_token(32),
            verifier=generate_token(64),
            began=now.timestamp(),
            fresh=fresh,
        )

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Attempt | None":
        """What `vars` wrote, from a cookie."""
        try:
            return cls(
                state=str(kept["state"]),
                nonce=str(kept["nonce"]),
                verifier=str(kept["verifier"]),
                began=float(kept["began"]),
                fresh=bool(kept["fresh"]),
            )
        except (KeyError, TypeError, ValueError):
            return None

    def kept(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "nonce": self.nonce,
            "verifier": self.verifier,
            "began": self.began,
            "fresh": self.fresh,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who it is, by the provider's word. `email` only when the provider has verified it; `methods`
    (amr) and `level` (acr) are how they proved it there."""

    issuer: str
    subject: str
    email: str | None
    methods: tuple[str, ...]
    level: str | None


class Relying:
    """This hub, towards its provider. `production` asks for TLS everywhere."""

    def __init__(self, provider: Provider, *, production: bool) -> None:
        self.provider = provider
        self._production = production
        self._slots = threading.BoundedSemaphore(AT_ONCE)
        self._described: tuple[float, dict[str, Any]] | None = None
        self._keys: KeySet | None = None

    def address(self, attempt: Attempt, back: str) -> str:
        """Where the browser goes. Raises ProviderDown."""
        more = {"prompt": "login", "max_age": "0"} if attempt.fresh else {}
        return str(
            prepare_grant_uri(
                self._endpoint("authorization_endpoint"),
                self.provider.client_id,
                "code",
                redirect_uri=back,
                scope="openid email",
                state=attempt.state,
                nonce=attempt.nonce,
                code_challenge=create_s256_code_challenge(attempt.verifier),
                code_challenge_method="S256",
                **more,
            )
        )

    def identity(
        self, attempt: Attempt, answer: Mapping[str, str], back: str, now: datetime
    ) -> Identity:
        """Who came back with this answer. Raises ProviderDown, ProviderRefused."""
        if not hmac.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
            raise ProviderRefused("the state is another")
        if not 0 <= now.timestamp() - attempt.began <= ATTEMPT.total_seconds():
            raise ProviderRefused("the attempt is too old")
        if answer.get("iss", self.provider.issuer) != self.provider.issuer:
            raise ProviderRefused("another provider answered")  # RFC 9207
        if "code" not in answer:
            raise ProviderRefused(f"no code: {answer.get('error', '')[:40]}")
        token = self._exchange(answer["code"], attempt.verifier, back)
        claims = self._claims(token, attempt, now)
        methods = claims.get("amr")
        level = claims.get("acr")
        email = claims.get("email")
        return Identity(
            issuer=self.provider.issuer,
            subject=str(claims["sub"]),
            email=email.casefold()
            if isinstance(email, str) and claims.get("email_verified") is True
            else None,
            methods=tuple(str(one)[:40] for one in methods) if isinstance(methods, list) else (),
            level=str(level)[:80] if level is not None else None,
        )

    def _exchange(self, code: str, verifier: str, back: str) -> dict[str, Any]:
        endpoint = self._endpoint("token_endpoint")
        known = self._description().get("token_endpoint_auth_methods_supported")
        basic = not isinstance(known, list) or "client_secret_basic" in known
        body = prepare_token_request(
            "authorization_code", code=code, redirect_uri=back, code_verifier=verifier
        )
        url, headers, body = ClientAuth(
            self.provider.client_id,
            self.provider.client_secret,
            "client_secret_basic" if basic else "client_secret_post",
        ).prepare("POST", endpoint, dict(FORM), body)
        status, said = self._ask("POST", url, headers, body)
        if status != 200:
            raise ProviderRefused(f"the code was not accepted: {str(said.get('error'))[:40]}")
        return said

    def _claims(self, token: dict[str, Any], attempt: Attempt, now: datetime) -> CodeIDToken:
        text = token.get("id_token")
        if not isinstance(text, str):
            raise ProviderRefused("there is no id token")
        try:
            read = self._read(text)
            claims = CodeIDToken(
                read.claims,
                read.header,
                options={
                    "iss": {"essential": True, "value": self.provider.issuer},
                    "aud": {"essential": True, "value": self.provider.client_id},
                    "sub": {"essential": True},
                },
                params={
                    "nonce": attempt.nonce,
                    "client_id": self.provider.client_id,
                    "access_token": token.get("access_token"),
                },
            )
            claims.validate(now=int(now.timestamp()), leeway=SKEW)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise ProviderRefused(f"the id token: {type(error).__name__}") from error
        audience = claims["aud"]
        if isinstance(audience, list) and set(audience) != {self.provider.client_id}:
            raise ProviderRefused("the id token is for others as well")
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= 255:
            raise ProviderRefused("the subject is none")
        if attempt.fresh and not self._is_fresh(claims.get("auth_time"), attempt):
            raise ProviderRefused("the provider asked for no new proof")
        return claims

    @staticmethod
    def _is_fresh(proved: object, attempt: Attempt) -> bool:
        return isinstance(proved, int | float) and proved >= attempt.began - SKEW

    def _read(self, text: str) -> jwt.Token:
        """Its keys may have changed since: then they are asked for once more."""
        if self._keys is not None:
            try:
                return jwt.decode(text, self._keys, algorithms=ALGORITHMS)
            except (InvalidKeyIdError, ValueError):
                pass
        self._keys = self._fetch_keys()
        return jwt.decode(text, self._keys, algorithms=ALGORITHMS)

    def _fetch_keys(self) -> KeySet:
        status, said = self._ask("GET", self._endpoint("jwks_uri"))
        if status != 200 or not isinstance(said.get("keys"), list):
            raise ProviderDown("its keys cannot be read")
        try:
            return KeySet.import_key_set(said)  # type: ignore[arg-type]
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise ProviderDown("its keys cannot be read") from error

    def _endpoint(self, name: str) -> str:
        found = self._description().get(name)
        if not isinstance(found, str) or not _is_safe(found, production=self._production):
            raise ProviderDown(f"it names no {name}")
        return found

    def _description(self) -> dict[str, Any]:
        """OpenID Connect Discovery 1.0."""
        if self._described is not None and self._described[0] > time.monotonic() - KEPT:
            return self._described[1]
        place = self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
        status, said = self._ask("GET", place)
        if status != 200 or said.get("issuer") != self.provider.issuer:
            raise ProviderDown("it describes another issuer, or nothing")
        self._described = (time.monotonic(), said)
        return said

    def _ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: str | None = None,
    ) -> tuple[int, dict[str, Any]]:
        if not self._slots.acquire(blocking=False):
            raise ProviderDown("too many ask it at once")
        try:
            return ask(method, url, headers, body)
        except NoAnswer as error:
            raise ProviderDown(str(error)) from error
        finally:
            self._slots.release()


def _is_safe(url: str, *, production: bool) -> bool:
    place = urlsplit(url)
    return bool(place.hostname) and place.scheme in (
        ("https",) if production else ("https", "http")
    )
