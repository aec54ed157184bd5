"""Passkeys: discoverable ones, with the user verified; the library checks, the rules are here.

A challenge is random, and its keeper uses it once, only for the act that it was made for.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    bytes_to_base64url,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from kit.secrets import Secrets

VALID: Final = timedelta(minutes=5)  # for a challenge
MOST: Final = 10  # passkeys of one person
LONGEST: Final = 16_384  # characters of what a browser answers

# What the library lets through when a browser's answer is no such thing at all.
_MALFORMED: Final = (
    WebAuthnException,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Site:
    """Whom passkeys are for: the origin of the pages."""

    origin: str

    @property
    def host(self) -> str:
        """The relying party's id."""
        return urlsplit(self.origin).hostname or ""


@dataclass(frozen=True, slots=True)
class Use:
    """What a browser says a passkey signed, not checked yet. `handle` says whose it would be."""

    parsed: AuthenticationCredential
    challenge: bytes

    @property
    def credential(self) -> bytes:
        return self.parsed.raw_id

    @property
    def handle(self) -> bytes | None:
        return self.parsed.response.user_handle


@dataclass(frozen=True, slots=True)
class Made:
    """What a browser says is a new passkey, not checked yet."""

    parsed: RegistrationCredential
    challenge: bytes


@dataclass(frozen=True, slots=True)
class New:
    """A new passkey, checked."""

    credential: bytes
    public_key: bytes
    sign_count: int


def to_use(site: Site, credentials: Iterable[bytes] = ()) -> tuple[str, bytes]:
    """What the browser's `navigator.credentials.get` is given, as JSON, and its challenge.

    With no credentials, any of the site's will do.
    """
    options = generate_authentication_options(
        rp_id=site.host,
        allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in credentials],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return str(options_to_json(options)), options.challenge


def read_use(credential: str) -> Use | None:
    """What a browser answered; None for what is no such thing."""
    if len(credential) > LONGEST:
        return None
    try:
        parsed = parse_authentication_credential_json(credential)
        return Use(parsed, parse_client_data_json(parsed.response.client_data_json).challenge)
    except _MALFORMED:
        return None


def check_use(site: Site, use: Use, *, public_key: bytes, sign_count: int) -> int | None:
    """The new sign count, when all is well; one that does not grow is refused: there is a copy."""
    try:
        verified = verify_authentication_response(
            credential=use.parsed,
            expected_challenge=use.challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except _MALFORMED:
        return None
    return verified.new_sign_count


def to_add(
    site: Site, *, hub: str, handle: bytes, name: str, shown: str, known: Iterable[bytes]
) -> tuple[str, bytes]:
    """What the browser's `navigator.credentials.create` is given, as JSON, and its challenge.

    `hub` is the site's name; `name` and `shown` are the person's; `known` are had already.
    """
    options = generate_registration_options(
        rp_id=site.host,
        rp_name=hub,
        user_id=handle,
        user_name=name,
        user_display_name=shown,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    return str(options_to_json(options)), options.challenge


def read_made(credential: str) -> Made | None:
    """What a browser answered; None for what is no such thing."""
    if len(credential) > LONGEST:
        return None
    try:
        parsed = parse_registration_credential_json(credential)
        return Made(parsed, parse_client_data_json(parsed.response.client_data_json).challenge)
    except _MALFORMED:
        return None


def check_made(site: Site, made: Made) -> New | None:
    """The new passkey, when it is what was asked for."""
    try:
        verified = verify_registration_response(
            credential=made.parsed,
            expected_challenge=made.challenge,
            expected_rp_id=site.host,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except _MALFORMED:
        return None
    return New(verified.credential_id, verified.credential_public_key, verified.sign_count)


def challenge_digest(secrets_: Secrets, purpose: str, challenge: bytes) -> bytes:
    """What is kept of a challenge."""
    return secrets_.digest(purpose, bytes_to_base64url(challenge))
