"""A strict parser of RFC 9651 dictionaries, for the signature fields that are not in plain form.

Only parsing, and only what Signature-Input and Signature may hold. Two choices go beyond the
RFC's minimum: base64 must be canonical, and a key that appears twice is reported, not merged,
because "the last one wins" is how signatures get swapped.
"""

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn


class FieldSyntaxError(ValueError):
    """The text is not a structured field of the expected type."""


class Token(str):
    """A bare word such as `gzip`, which is not the string `"gzip"`."""

    __slots__ = ()


class Date(int):
    """Seconds since the epoch, written `@1659578233`."""

    __slots__ = ()


class DisplayString(str):
    """Text beyond ASCII, written `%"f%c3%bc"`."""

    __slots__ = ()


BareItem = int | Decimal | str | bytes | bool
Parameters = list[tuple[str, BareItem]]


@dataclass(frozen=True, slots=True)
class Item:
    value: BareItem
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class InnerList:
    items: list[Item]
    parameters: Parameters


Dictionary = list[tuple[str, Item | InnerList]]

_KEY = re.compile(r"[a-z*][a-z0-9_.*-]*")
_NUMBER = re.compile(r"(-?)([0-9]+)(?:\.([0-9]*))?")
_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_TOKEN = re.compile(r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*")
_BYTES = re.compile(r":([A-Za-z0-9+/=]*):")
_BOOLEAN = re.compile(r"\?([01])")
_DISPLAY = re.compile(r'%"((?:[ !#$&-~]|%[0-9a-f]{2})*)"')
_SPACES = re.compile(r" *")
_OPTIONAL_WHITESPACE = re.compile(r"[ \t]*")


def parse_dictionary(text: str) -> Dictionary:
    """The members of a dictionary in the order they stand, a repeated key included.

    Raises FieldSyntaxError.
    """
    return _Reader(text).dictionary()


class _Reader:
    """A cursor over one field value. Each method reads one production of the RFC's grammar."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def dictionary(self) -> Dictionary:
        members: Dictionary = []
        self.skip(_SPACES)
        while not self.ended():
            members.append((self.key(), self.member()))
            self.skip(_OPTIONAL_WHITESPACE)
            if self.ended():
                return members
            self.expect(",")
            self.skip(_OPTIONAL_WHITESPACE)
            if self.ended():
                self.fail("ends with a comma")
        return members

    def member(self) -> Item | InnerList:
        if not self.take("="):
            return Item(True, self.parameters())
        if self.take("("):
            return self.inner_list()
        return self.item()

    def inner_list(self) -> InnerList:
        items: list[Item] = []
        while True:
            self.skip(_SPACES)
            if self.take(")"):
                return InnerList(items, self.parameters())
            items.append(self.item())
            if self.peek() not in (" ", ")"):
                self.fail("has no space between items")

    def item(self) -> Item:
        return Item(self.bare_item(), self.parameters())

    def parameters(self) -> Parameters:
        found: Parameters = []
        while self.take(";"):
            self.skip(_SPACES)
            found.append((self.key(), self.bare_item() if self.take("=") else True))
        return found

    def bare_item(self) -> BareItem:
        first = self.peek()
        if first == '"':
            return re.sub(r"\\(.)", r"\1", self.read(_STRING)[1])
        if first == ":":
            return self.byte_sequence()
        if first == "?":
            return self.read(_BOOLEAN)[1] == "1"
        if first == "@":
            return self.date()
        if first == "%":
            return self.display_string()
        if first == "-" or "0" <= first <= "9":
            return self.number()
        return Token(self.read(_TOKEN)[0])

    def number(self) -> int | Decimal:
        text, (_, whole, fraction) = (found := self.read(_NUMBER))[0], found.groups()
        if fraction is None:
            if len(whole) > 15:
                self.fail("has an integer of more than 15 digits")
            return int(text)
        if len(whole) > 12 or not 1 <= len(fraction) <= 3:
            self.fail("has a decimal of the wrong length")
        return Decimal(text)

    def date(self) -> Date:
        self.expect("@")
        seconds = self.number()
        if not isinstance(seconds, int):
            self.fail("has a date with a fraction")
        return Date(seconds)

    def byte_sequence(self) -> bytes:
        encoded = self.read(_BYTES)[1]
        try:
            decoded = b64decode(encoded, validate=True)
        except ValueError:
            self.fail("has bytes that are not base64")
        if b64encode(decoded).decode() != encoded:
            self.fail("has bytes that are not canonical base64")
        return decoded

    def display_string(self) -> DisplayString:
        encoded = self.read(_DISPLAY)[1].encode()
        plain = re.sub(rb"%(..)", lambda found: bytes.fromhex(found[1].decode()), encoded)
        try:
            return DisplayString(plain.decode())
        except UnicodeDecodeError:
            self.fail("has a display string that is not UTF-8")

    def key(self) -> str:
        return self.read(_KEY)[0]

    def read(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self.text, self.at)
        if found is None:
            self.fail("cannot be read")
        self.at = found.end()
        return found

    def skip(self, pattern: re.Pattern[str]) -> None:
        self.read(pattern)

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def take(self, character: str) -> bool:
        if self.peek() != character:
            return False
        self.at += 1
        return True

    def expect(self, character: str) -> None:
        if not self.take(character):
            self.fail(f"lacks a {character!r}")

    def ended(self) -> bool:
        return self.at >= len(self.text)

    def fail(self, what: str) -> NoReturn:
        raise FieldSyntaxError(f"the field {what}, at character {self.at}")
