"""A figure: the median of its rounds, its spread, its target."""

from bench.figures import Figure, ratio
from bench.measuring import Take

CALM = (0.0, 0.0, 0.0, 0.0)


class TestRatio:
    def test_divides_within_a_round(self) -> None:
        rounds = [
            {"hub": Take(10.0), "pgbench": Take(20.0)},
            {"hub": Take(30.0, steal=0.2), "pgbench": Take(40.0, steal=0.1)},
        ]
        figure = ratio("till", rounds, "hub", "pgbench", 0.45)
        assert figure.values == (0.5, 0.75)
        assert figure.steals == (0.0, 0.2)


class TestFigure:
    def test_leaves_a_stolen_round_out_of_median_and_spread(self) -> None:
        figure = Figure("till", (0.4, 0.5, 0.6, 9.0), (0.0, 0.0, 0.0, 0.3), 0.45)
        assert (figure.median, figure.low, figure.high, figure.stolen) == (0.5, 0.4, 0.6, 1)

    def test_prints_as_one_line(self) -> None:
        figure = Figure("till", (0.44, 0.47, 0.49), CALM[:3], 0.45)
        assert figure.text() == "0.47 (0.44–0.49, target 0.45)"

    def test_prints_a_ceiling_with_its_unit(self) -> None:
        figure = Figure("p99", (18.0, 31.52, 112.0), CALM[:3], 50.0, at_most=True, unit=" ms")
        assert figure.text() == "31.5 ms (18.0–112 ms, target ≤ 50 ms)"

    def test_meets_a_target_from_the_right_side(self) -> None:
        assert Figure("a", (0.45,), (0.0,), 0.45).met is True
        assert Figure("a", (0.44,), (0.0,), 0.45).met is False
        assert Figure("a", (50.0,), (0.0,), 50.0, at_most=True).met is True
        assert Figure("a", (50.1,), (0.0,), 50.0, at_most=True).met is False
        assert Figure("a", (50.1,), (0.0,)).met is None
