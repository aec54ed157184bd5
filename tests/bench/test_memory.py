"""Growth in the second half, and the chart of it."""

import os

from bench.memory import chart, growth, resident_mib


class TestGrowth:
    def test_caches_that_fill_in_the_first_half_are_no_leak(self) -> None:
        assert growth([50, 80, 95, 100, 100, 100, 100, 100]) == 0.0

    def test_a_leak_is_seen(self) -> None:
        assert growth([100 + step for step in range(100)]) == 100 * 47 / 151

    def test_one_odd_sample_does_not_count(self) -> None:
        assert growth([100.0] * 9 + [500.0]) == 0.0


def test_the_chart_has_a_bar_for_each_sample() -> None:
    assert chart([0.0, 50.0, 100.0]) == "▁▅█"


def test_resident_memory_is_that_of_a_process() -> None:
    assert 5 < resident_mib(os.getpid()) < 5_000
