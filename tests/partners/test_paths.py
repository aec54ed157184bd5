"""Paths lead to the operations that they name, and to no others; Werkzeug's router agrees."""

import re
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import BaseConverter, Map, Rule, ValidationError

from kit import ids
from partners.api.paths import ID_PREFIXES, Paths
from web.app import OPERATIONS

ID = UUID("019b5c1e-4000-7abc-8def-0123456789ab")
TEXTS = {prefix: ids.to_text(prefix, ID) for prefix in ID_PREFIXES}
PATHS = Paths(OPERATIONS)
NAMED = {operation.name: operation for operation in OPERATIONS}


def read(method: str, path: str) -> tuple[str, dict[str, UUID | str]] | None:
    """The name of the operation and the ids in its path; None where there is no such path."""
    found = PATHS.find(path)
    if found is None:
        return None
    methods, values = found
    return (methods[method].name if method in methods else "", values)


@pytest.mark.parametrize(
    ("method", "path", "name", "values"),
    [
        ("POST", "/v1/redemptions", "redeem", {}),
        ("GET", "/v1/rates", "listRates", {}),
        ("HEAD", "/v1/rates", "listRates", {}),
        ("POST", "/v1/rates", "proposeRate", {}),
        ("POST", f"/v1/authorizations/{TEXTS['aut']}/capture", "capture", {"authorization": ID}),
        ("POST", f"/v1/accruals/{TEXTS['jrn']}/clawbacks", "clawBack", {"transaction": ID}),
        ("GET", "/v1/windows/2026-11", "getWindow", {"window": "2026-11"}),
        ("GET", "/v1/windows/\n", "getWindow", {"window": "\n"}),  # The gate refuses such a target.
        ("POST", "/v1/members/links", "linkMember", {}),
        ("GET", "/v1/members/links", "", {}),
        ("PUT", "/v1/redemptions", "", {}),
        ("OPTIONS", "/v1/redemptions", "", {}),
        ("HEAD", "/v1/redemptions", "", {}),
    ],
)
def test_finds(method: str, path: str, name: str, values: dict[str, UUID | str]) -> None:
    assert read(method, path) == (name, values)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/v1",
        "/v2/rates",
        "/v1/rates/",
        "//v1/rates",
        "/v1//rates",
        "/V1/rates",
        "/v1/rates\n",
        "/v1/windows/",
        "/v1/windows/a/b",
        f"/v1/authorizations/{TEXTS['jrn']}",
        f"/v1/authorizations/{TEXTS['aut'].upper()}",
        f"/v1/authorizations/{TEXTS['aut']}0",
        f"/v1/authorizations/{TEXTS['aut']}/",
        f"/v1/authorizations/{TEXTS['aut']}/else",
        f"/x/v1/authorizations/{TEXTS['aut']}",
        "/v1/authorizations/aut_",
        f"/v1/authorizations/aut_{'z' * 26}",
    ],
)
def test_finds_nothing(path: str) -> None:
    assert PATHS.find(path) is None


def test_refuses_two_operations_in_one_place() -> None:
    with pytest.raises(ValueError, match="two operations"):
        Paths([*OPERATIONS, replace(NAMED["redeem"], name="again")])


def test_refuses_an_unknown_kind_of_id() -> None:
    with pytest.raises(ValueError, match="unknown kind"):
        Paths([replace(NAMED["redeem"], path="/v1/x/<xxx:thing>")])


def converter(prefix: str) -> type[BaseConverter]:
    class IdConverter(BaseConverter):
        regex = rf"{prefix}_[0-9a-z]+"

        def to_python(self, value: str) -> UUID:
            found = ids.from_text(prefix, value)
            if found is None:
                raise ValidationError
            return found

    return IdConverter


WERKZEUG = Map(
    [Rule(one.path, endpoint=one.name, methods=[one.method]) for one in OPERATIONS],
    converters={prefix: converter(prefix) for prefix in ID_PREFIXES},
    merge_slashes=False,
).bind("hub.example")
WORDS = sorted({part for one in OPERATIONS for part in one.path.split("/") if "<" not in part})
# No id out of form: Werkzeug looks at the method before it reads the ids, and would say 405.
VALUES = ["2026-11", *TEXTS.values()]


def as_werkzeug_reads(method: str, path: str) -> tuple[str, dict[str, UUID | str]] | None:
    try:
        name, values = WERKZEUG.match(path, method)
    except NotFound:
        return None
    except MethodNotAllowed as error:
        return "", dict(WERKZEUG.match(path, next(iter(error.valid_methods or ())))[1])
    return name, dict(values)


@given(
    st.sampled_from(["GET", "HEAD", "POST", "DELETE", "PUT"]),
    st.lists(st.sampled_from([*WORDS, *VALUES]) | st.text(max_size=3), max_size=3).map(
        lambda parts: "/".join(["/v1", *parts])
    )
    | st.tuples(st.sampled_from(OPERATIONS), st.sampled_from(VALUES)).map(
        lambda drawn: re.sub("<[^>]*>", drawn[1], drawn[0].path)
    ),
)
def test_werkzeug_agrees(method: str, path: str) -> None:
    assert read(method, path) == as_werkzeug_reads(method, path)
