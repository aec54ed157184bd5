"""The page of problems says what the API says, all of it, in its order."""

import re

from tests.docs.problems_page import PAGE, own_refusals, page
from web.app import OPERATIONS
from web.openapi import refusals


def test_the_page_is_what_the_operations_say() -> None:
    assert PAGE.read_text("utf-8") == page(), "Run: python -m tests.docs.problems_page"


def test_every_refusal_of_every_operation_stands_in_it() -> None:
    text = PAGE.read_text("utf-8")
    for operation in OPERATIONS:
        for refusal in refusals(operation):
            assert f"| `{refusal.code}` | {refusal.kind.value} |" in text, refusal.code


def test_an_operations_line_keeps_its_order() -> None:
    lines = re.findall(
        r"^\| `(?:GET|POST|PUT|DELETE) [^`]+` \| (.*) \|$", PAGE.read_text("utf-8"), re.M
    )
    assert len(lines) == len(OPERATIONS)
    for line, operation in zip(lines, OPERATIONS, strict=True):
        assert re.findall("`([^`]+)`", line) == [each.code for each in own_refusals(operation)]
