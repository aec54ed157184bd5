"""A real mail server on this machine, with what it was given: plain, STARTTLS, or TLS at once."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.server import free_port

HERE = "127.0.0.1"


@dataclass
class MailServer:
    """`answer` is what it says to each message; `mails` what it took, with how it came."""

    port: int
    at_once: bool = False  # Every connection is TLS, or none comes about.
    answer: str = "250 taken"
    mails: list[EmailMessage] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)

    async def handle_DATA(self, _: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            made = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(made, EmailMessage)
            self.mails.append(made)
            self.encrypted.append(self.at_once or session.ssl is not None)
        return self.answer

    def login(self, *given: Any) -> AuthResult:
        data = given[4]
        pair = (data.login.decode(), data.password.decode())
        self.logins.append(pair)
        return AuthResult(success=pair == ("hub", "right"), handled=False)


@contextmanager
def mail_server(certificate: Path | None = None, *, at_once: bool = False) -> Iterator[MailServer]:
    """With a `certificate` (and its key beside it), TLS only: by STARTTLS, or from the start."""
    made = MailServer(free_port(), at_once)
    context = None
    if certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    options: dict[str, Any] = {"ready_timeout": 20}
    if context:
        options |= {"authenticator": made.login, "auth_require_tls": not at_once}
        options |= (
            {"ssl_context": context}
            if at_once
            else {"tls_context": context, "require_starttls": True}
        )
    controller = Controller(made, hostname=HERE, port=made.port, **options)
    controller.start()
    try:
        yield made
    finally:
        controller.stop()


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1, which is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail for tests")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(HERE))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "mail.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    path.with_suffix(".key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path
