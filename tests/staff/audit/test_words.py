"""What is written down is one of the list, wherever it is written down."""

import ast
from collections.abc import Iterator
from pathlib import Path

from staff.audit.words import WHAT

ROOT = Path(__file__).parents[3]
ROOMS = ("exchange", "members", "partners", "staff", "settlement", "web", "demo", "bench")
CALLS = ("record", "note", "_note")


def said(code: str) -> Iterator[str]:
    """The words that calls which record say, as far as they stand there as they are."""
    for call in ast.walk(ast.parse(code)):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else (
            call.func.id if isinstance(call.func, ast.Name) else ""
        )  # fmt: skip
        if name not in CALLS:
            continue
        given = [each.value for each in call.keywords if each.arg == "what"] or call.args[1:3]
        for value in given:
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value
                break


def every() -> dict[str, str]:
    """Each word, and a file that says it."""
    found: dict[str, str] = {}
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for word in said(path.read_text("utf-8")):
                found.setdefault(word, str(path.relative_to(ROOT)))
    return found


def test_words_are_found_where_they_are_said() -> None:
    code = (
        'record(s, who="a", what="one", object_="x", now=n)\nacting.note(s, "two", "x")\n'
        'note(context, s, "three", f"x {y}")\nnote(s, what, "x")\nother(s, "four")\n'
    )
    assert list(said(code)) == ["one", "two", "three", "x"]


def test_every_word_is_one_of_the_list() -> None:
    found = every()
    assert {"proposed", "partner-registered", "window-revised"} <= found.keys()
    assert {word: path for word, path in found.items() if word not in WHAT} == {
        "closed": "settlement/closing.py"  # Of `window-closed`: see `closing._note`.
    }


def test_no_word_waits_for_an_act_that_is_gone() -> None:
    """Steps of windows and decisions are written down by their state."""
    code = "".join(
        path.read_text("utf-8")
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if path.name != "words.py"
    )
    steps = {f"window-{to}" for to in ("closed", "approved", "paying", "settled", "aborted")}
    assert [word for word in WHAT if word not in steps and f'"{word}"' not in code] == []
