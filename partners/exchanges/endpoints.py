"""Where a partner may be called: over https, at a host that the whole internet can reach.

The hub stands inside somebody's network. An address that is only reached from there is never
called, whatever name leads to it: names are resolved here, and the call goes to what was found.
In development, plain http and any address will do.
"""

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from partners.exchanges.errors import EndpointRefused

_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?(?P<path>(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._~-]+)*/?)"
)
_PORTS = {"https": 443, "http": 80}
_TRANSLATED = IPv6Network("64:ff9b::/96")  # An IPv4 address in its last four bytes.


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A URL in its parts; `origin` has the port only where it is not the scheme's own."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"

    @property
    def origin(self) -> str:
        return f"{self.scheme}://{self.authority}"

    @property
    def url(self) -> str:
        return self.origin + self.path


def read(url: str, *, production: bool) -> Endpoint:
    """A URL that may be registered. Raises EndpointRefused."""
    found = _URL.fullmatch(url)
    if found is None:
        raise EndpointRefused(url=url)
    scheme, port = (
        found["scheme"],
        int(found["port"] or (443 if found["scheme"] == "https" else 80)),
    )
    if port > 65535 or (production and (scheme != "https" or "." not in found["host"])):
        raise EndpointRefused(url=url)
    return Endpoint(scheme, found["host"], port, found["path"] or "/")


def addresses(endpoint: Endpoint, *, production: bool) -> list[str]:
    """The addresses of its host, all of them public in production, as they are at this moment.

    Raises EndpointRefused when one is not, or the name leads nowhere.
    """
    try:
        found = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise EndpointRefused("The host has no address.", url=endpoint.url) from error
    known = list(dict.fromkeys(str(each[4][0]) for each in found))
    if production and not all(is_public(address) for address in known):
        raise EndpointRefused("The host is at a private address.", url=endpoint.url)
    return known


def is_public(text: str) -> bool:
    """Whether everybody reaches this address; also where it only wraps another."""
    address = ip_address(text.partition("%")[0])
    inner: IPv4Address | IPv6Address | None = None
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address.teredo is not None:
            return False
        if address in _TRANSLATED:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
    if inner is not None:
        return is_public(str(inner))
    return address.is_global and not (
        address.is_multicast or address.is_reserved or address.is_unspecified
    )
