"""The table of targets, and its place in the page."""

import pytest

from bench import everything
from bench.everything import FIRST, LAST, PAGE, table, written
from bench.figures import Figure


class TestTable:
    def test_has_the_first_figure_and_all_that_have_targets(self) -> None:
        figures = [
            Figure("till", (0.47,), (0.0,), 0.45),
            Figure("P-256 × 64", (0.4,), (0.0,)),
            Figure("p99", (60.0,), (0.0,), 50.0, at_most=True, unit=" ms"),
        ]
        assert table({"till": figures, "mix": [Figure("mix", (0.6,), (0.0,))]}) == [
            ("till", "till", "0.47", "0.47–0.47", "0.45", "yes"),
            ("", "p99", "60.0 ms", "60.0–60.0 ms", "≤ 50 ms", "no"),
            ("mix", "mix", "0.60", "0.60–0.60", "", ""),
        ]


class TestWritten:
    def test_replaces_what_stands_between_the_marks_alone(self) -> None:
        page = f"before\n{FIRST}\nold\n{LAST}\nafter\n"
        assert written(page, r"new \1") == f"before\n{FIRST}\n\nnew \\1\n\n{LAST}\nafter\n"

    def test_refuses_a_page_without_marks(self) -> None:
        with pytest.raises(ValueError, match="no place"):
            written("a page", "figures")

    def test_the_page_has_a_place(self) -> None:
        assert "figures" in written(PAGE.read_text("utf-8"), "figures")


def test_the_page_names_every_benchmark() -> None:
    page = PAGE.read_text("utf-8")
    for name in ("till", "mix", "batch", "growth", "skew", "window", "memory", "profile", "gate"):
        assert f"`bin/bench {name}`" in page, name
    assert everything.NAMES[0] == "benchmark"
