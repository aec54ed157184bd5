"""The table of targets, and its place in the page."""

from pathlib import Path

import pytest
from rich.console import Console

from bench import everything
from bench.everything import FIRST, LAST, PAGE, as_markdown, table, written
from bench.figures import Figure
from bench.plan import Plan


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


def test_the_page_says_what_the_figures_were_measured_on(tmp_path: Path) -> None:
    on = {"date": "2026-11-22", "processor": "Abacus", "cores": 2, "memory_gib": 23.5,
          "kernel": "6.1", "postgresql": "18.6", "python": "3.11.7"}  # fmt: skip
    rows = table({"till": [Figure("till", (0.47,), (0.0,), 0.45)]})
    text = as_markdown(rows, on, Plan(tmp_path, Console()), "bin/bench all")
    assert text.startswith("`bin/bench all` on 2026-11-22: Abacus, 2 cores, 23.5 GiB, Linux 6.1,")
    assert "100,000 members, 5 rounds of 4 s" in text
    assert text.endswith("| till | till | 0.47 | 0.47–0.47 | 0.45 | yes |")
    head, line = text.splitlines()[2:4]
    assert head.count("|") == line.count("|") == 7


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
