"""Reading Signature-Input and Signature under the profile cpx-1.

Nearly every client writes the fields in one plain form, which one regular expression reads in
a few microseconds. Anything else goes through the structured-field parser, by the same rules
and to the same result.
"""

import re
from base64 import b64decode
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from partners.public_keys import SIGNATURE_BYTES
from partners.signature_errors import SignatureAmbiguous, SignatureMalformed, SignatureRequired
from partners.structured_fields import (
    Dictionary,
    FieldSyntaxError,
    InnerList,
    Item,
    parse_dictionary,
)

REQUEST_TAG: Final = "cpx-request-1"
RESPONSE_TAG: Final = "cpx-response-1"
HUB_TAG: Final = "cpx-hub-1"  # Of the hub's own calls, which no partner's request is.

# The header fields that mean something under the profile, and all that a request may cover.
COVERED_FIELDS: Final = ("content-type", "content-digest", "idempotency-key")
REQUEST_COMPONENTS: Final = ("@method", "@target-uri", *COVERED_FIELDS)

_LONGEST_FIELD: Final = 4096

# The profile's signature parameters: how each value must read, and whether it may be missing.
_INTEGER = r"0|[1-9][0-9]{0,14}"
_NONCE = r"[A-Za-z0-9_-]{22,64}"
_KEY_ID = r"[A-Za-z0-9._:-]{1,64}"
_ALGORITHM = r"[a-z0-9-]{1,32}"
_TEXT_PARAMETERS: Final = {
    "nonce": re.compile(_NONCE),
    "keyid": re.compile(_KEY_ID),
    "alg": re.compile(_ALGORITHM),
    "tag": re.compile(r"[a-z0-9-]{1,32}"),
}
_NUMBER_PARAMETERS: Final = ("created", "expires")
_REQUIRED_PARAMETERS: Final = ("created", "nonce", "keyid", "tag")

_LABEL = r"[a-z*][a-z0-9_.*-]*"
_NAME = r"@?[a-z-]+"
_PLAIN_INPUT: Final = re.compile(
    rf"({_LABEL})="
    rf'(\(("{_NAME}"(?: "{_NAME}")*)\)'
    rf";created=({_INTEGER})"
    rf"(?:;expires=({_INTEGER}))?"
    rf';nonce="({_NONCE})"'
    rf';keyid="({_KEY_ID})"'
    rf'(?:;alg="({_ALGORITHM})")?'
    rf';tag="{REQUEST_TAG}")'
)
# The last character of the base64 of 64 bytes has four spare bits. They must be zero, so that
# one signature has one spelling.
_PLAIN_SIGNATURE: Final = re.compile(rf"({_LABEL})=:([A-Za-z0-9+/]{{85}}[AQgw]==):")


class Presented(NamedTuple):
    """What a message claims about its own signature. Nothing in it is verified."""

    components: tuple[str, ...]
    parameters: str  # The value of "@signature-params": list and parameters, canonical.
    created: int
    expires: int | None
    nonce: str
    key_id: str
    algorithm: str | None
    signature: bytes


def parse_signature(headers: Mapping[str, str]) -> Presented:
    """Read the one signature made for this API; others may stand beside it, untrusted.

    Raises SignatureMalformed (not structured fields), SignatureAmbiguous (a label twice),
    SignatureRequired (nothing with our tag), SignatureAmbiguous (two signatures with our tag),
    SignatureMalformed (a component or parameter that the profile does not know), in this
    order; but SignatureRequired at once if either field is missing.
    """
    inputs, signatures = _both_fields(headers)
    given, signed = _PLAIN_INPUT.fullmatch(inputs), _PLAIN_SIGNATURE.fullmatch(signatures)
    if given is None or signed is None or given[1] != signed[1]:
        presented = read_any_form(inputs, signatures, REQUEST_TAG)
        _check_components(presented.components)
        return presented
    _, parameters, names, created, expires, nonce, key_id, algorithm = given.groups()
    return Presented(
        _plain_components(names),
        parameters,
        int(created),
        None if expires is None else int(expires),
        nonce,
        key_id,
        algorithm,
        b64decode(signed[2]),
    )


def parse_hub_signature(headers: Mapping[str, str]) -> Presented:
    """Read the hub's signature of a call of its own; to be verified as a request is.

    Raises what `parse_signature` raises.
    """
    presented = read_any_form(*_both_fields(headers), HUB_TAG)
    _check_components(presented.components)
    return presented


def parse_answer_signature(headers: Mapping[str, str]) -> Presented:
    """Read the hub's signature of an answer; its components may end in `;req`.

    Raises what `parse_signature` raises.
    """
    return read_any_form(*_both_fields(headers), RESPONSE_TAG)


def read_any_form(input_field: str, signature_field: str, tag: str) -> Presented:
    """Read fields written in any way RFC 9651 allows: spaces, orders, several signatures."""
    try:
        inputs, signatures = parse_dictionary(input_field), parse_dictionary(signature_field)
    except FieldSyntaxError as error:
        raise SignatureMalformed(f"Signature-Input or Signature: {error}.") from error
    for dictionary in (inputs, signatures):
        if len(dict(dictionary)) != len(dictionary):
            raise SignatureAmbiguous("A label stands twice in one signature field.")
    ours = [(label, member) for label, member in inputs if ("tag", tag) in member.parameters]
    if not ours:
        raise SignatureRequired
    if len(ours) > 1:
        raise SignatureAmbiguous(f"{len(ours)} signatures carry the tag {tag}.")
    label, member = ours[0]
    if not isinstance(member, InnerList):
        raise SignatureMalformed("Signature-Input must list the covered components.")
    return _present(member, _signature_bytes(signatures, label))


def _both_fields(headers: Mapping[str, str]) -> tuple[str, str]:
    inputs, signatures = headers.get("signature-input"), headers.get("signature")
    if inputs is None or signatures is None:
        raise SignatureRequired
    if len(inputs) > _LONGEST_FIELD or len(signatures) > _LONGEST_FIELD:
        raise SignatureMalformed(f"A signature field is longer than {_LONGEST_FIELD} characters.")
    return inputs, signatures


@lru_cache(maxsize=256)
def _plain_components(names: str) -> tuple[str, ...]:
    """The components of `"@method" "@target-uri"`; there are a handful of lists in the world."""
    components = tuple(name[1:-1] for name in names.split(" "))
    _check_components(components)
    return components


def _check_components(components: tuple[str, ...]) -> None:
    for name in components:
        if name not in REQUEST_COMPONENTS:
            known = ", ".join(REQUEST_COMPONENTS)
            raise SignatureMalformed(f"Covered components are {known}, and no others.")
    if len(set(components)) != len(components):
        raise SignatureMalformed("A covered component stands twice.")


def _present(member: InnerList, signature: bytes) -> Presented:
    """Hold a parsed signature to the profile, and write it down in canonical form."""
    components = tuple(_component(item) for item in member.items)
    values = dict(member.parameters)
    if len(values) != len(member.parameters):
        raise SignatureMalformed("A signature parameter stands twice.")
    for name in _REQUIRED_PARAMETERS:
        if name not in values:
            raise SignatureMalformed(f"The signature parameter {name} is missing.")
    numbers: dict[str, int] = {}
    texts: dict[str, str] = {}
    canonical = f"({_quoted(components)})"
    for name, value in member.parameters:
        if name in _NUMBER_PARAMETERS and type(value) is int and value >= 0:
            numbers[name] = value
            canonical += f";{name}={value}"
        elif name in _TEXT_PARAMETERS and type(value) is str:
            if not _TEXT_PARAMETERS[name].fullmatch(value):
                raise SignatureMalformed(f"The signature parameter {name} is out of form.")
            texts[name] = value
            canonical += f';{name}="{value}"'
        else:
            raise SignatureMalformed(f"The signature parameter {name} is not of this profile.")
    return Presented(
        components,
        canonical,
        numbers["created"],
        numbers.get("expires"),
        texts["nonce"],
        texts["keyid"],
        texts.get("alg"),
        signature,
    )


def _component(item: Item) -> str:
    """`@method`, or `@method;req` in an answer: the only parameter that the profile uses."""
    if type(item.value) is not str or not re.fullmatch(_NAME, item.value):
        raise SignatureMalformed("Covered components are names in double quotes.")
    if not item.parameters:
        return item.value
    if item.parameters == [("req", True)]:
        return f"{item.value};req"
    raise SignatureMalformed("Covered components take no parameters here.")


def _quoted(components: tuple[str, ...]) -> str:
    return " ".join(quote_component(name) for name in components)


def quote_component(name: str) -> str:
    """`@method;req` as it is written in the list and in the base: `"@method";req`."""
    plain, mark, _ = name.partition(";")
    return f'"{plain}";req' if mark else f'"{plain}"'


def _signature_bytes(signatures: Dictionary, label: str) -> bytes:
    member = dict(signatures).get(label)
    if not isinstance(member, Item) or not isinstance(member.value, bytes) or member.parameters:
        raise SignatureMalformed(f"Signature has no plain byte sequence labelled {label}.")
    if len(member.value) != SIGNATURE_BYTES:
        raise SignatureMalformed(f"A signature has {SIGNATURE_BYTES} bytes.")
    return member.value
