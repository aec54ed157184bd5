"""Calls over TLS, with real handshakes: whom the hub believes to be the partner's server."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.partners.exchanges.conftest import Trade
from tests.partners.exchanges.programme import Programme, programme

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


class Authority:
    """One that the hub's machine trusts, or one that nobody does."""

    def __init__(self, folder: Path, name: str) -> None:
        self.file = folder / f"{name}.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(
            digital_signature=False,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            key_cert_sign=True,
            crl_sign=True,
            encipher_only=False,
            decipher_only=False,
        )
        made = (
            self._certificate(self._name, self._key.public_key(), NOW + 365 * DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage, critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def server(self, host: str = "localhost", until: datetime = NOW + DAY) -> ssl.SSLContext:
        """What a server shows that has a certificate for this host."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        made = (
            self._certificate(name, key.public_key(), until)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        file = self.file.with_name(f"{self.file.stem}-{host}-{until:%Y}.pem")
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            + made.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _certificate(
        self, name: x509.Name, key: ec.EllipticCurvePublicKey, until: datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(until - 400 * DAY)
            .not_valid_after(until)
        )


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    made = Authority(tmp_path, "trusted")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


@pytest.fixture
def exchange_with(trade: Trade) -> Callable[[ssl.SSLContext], tuple[str, Programme]]:
    """Put the airline behind TLS, and have it asked to credit; what is known then."""

    def ask(tls: ssl.SSLContext) -> tuple[str, Programme]:
        with programme(trade.programme.hub_keys, clock=trade.clock, tls=tls) as served:
            put = trade.airline.call("PUT", "/v1/exchange-endpoint", {"url": served.url})
            assert put.status == 200, put.body
            exchange = trade.begun("export", 600)
            trade.advance(exchange)
            return trade.row(exchange)["state"], served

    return ask


def test_a_server_that_is_who_it_says(trusted: Authority, exchange_with, trade: Trade) -> None:
    state, served = exchange_with(trusted.server())
    assert (state, served.acts()) == ("done", ["credit"])
    assert trade.balance() == (4_401, 0)


@pytest.mark.parametrize("why", ["stranger", "another", "expired"])
def test_one_that_is_not_hears_nothing(
    trusted: Authority, exchange_with, trade: Trade, tmp_path: Path, why: str
) -> None:
    """Nothing is sent, so nothing can be done; the points stay set aside until somebody answers."""
    if why == "stranger":
        tls = Authority(tmp_path, "stranger").server()
    elif why == "another":
        tls = trusted.server("other.example")
    else:
        tls = trusted.server(until=NOW - DAY)
    state, served = exchange_with(tls)
    assert (state, served.acts(), served.unsigned) == ("asked", [], [])
    assert trade.balance() == (4_401, 599)
