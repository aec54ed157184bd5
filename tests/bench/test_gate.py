"""The gate: what falls by more than a third of its baseline."""

from bench.gate import BASELINE, fallen, read


class TestFallen:
    def test_names_what_fell_by_more_than_a_third(self) -> None:
        before = {"till": 0.45, "batch": 6.0}
        assert fallen({"till": 0.29, "batch": 6.5}, before) == {"till": (0.29, 0.45)}

    def test_lets_noise_pass(self) -> None:
        assert fallen({"till": 0.31}, {"till": 0.45}) == {}

    def test_a_ratio_that_is_no_longer_measured_has_fallen(self) -> None:
        assert fallen({}, {"till": 0.45}) == {"till": (0.0, 0.45)}

    def test_a_new_ratio_has_nothing_to_fall_from(self) -> None:
        assert fallen({"batch": 0.01}, {}) == {}


def test_the_committed_baseline_names_what_the_gate_measures() -> None:
    assert set(read(BASELINE)) == {"till", "batch", "hot wallet"}
    assert all(ratio > 0 for ratio in read(BASELINE).values())
