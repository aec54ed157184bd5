"""Percentiles, rounds in turn, stolen rounds, and the CPU bill."""

import math
import subprocess
import sys
import time

from bench.measuring import Meter, Take, alternate, kept, percentile, spread


class TestPercentile:
    def test_is_the_smallest_value_that_enough_others_do_not_exceed(self) -> None:
        ordered = list(range(1, 101))
        assert [percentile(ordered, share) for share in (0.5, 0.95, 0.99, 1.0)] == [50, 95, 99, 100]

    def test_of_one_value_is_that_value(self) -> None:
        assert percentile([7.0], 0.99) == 7.0

    def test_one_slow_answer_in_fifty_is_the_p99(self) -> None:
        assert percentile([1.0] * 49 + [900.0], 0.99) == 900.0


class TestSpread:
    def test_leaves_out_what_was_never_sent(self) -> None:
        assert spread([math.nan, 0.002, 0.001, math.nan]) == {
            "p50": 1.0,
            "p95": 2.0,
            "p99": 2.0,
            "longest": 2.0,
        }

    def test_of_nothing_is_nothing(self) -> None:
        assert spread([math.nan]) == {}


class TestKept:
    def test_leaves_out_stolen_rounds(self) -> None:
        assert kept([1, 2, 3, 9], [0.0, 0.10, 0.02, 0.11]) == [1, 2, 3]

    def test_keeps_all_when_too_few_would_remain(self) -> None:
        assert kept([1, 2, 9], [0.0, 0.0, 0.5]) == [1, 2, 9]


class TestAlternate:
    def test_turns_the_order_round_every_round(self) -> None:
        seen: list[str] = []

        def take(name: str) -> Take:
            seen.append(name)
            return Take(1.0)

        rounds = alternate({name: lambda name=name: take(name) for name in "abc"}, 3)
        assert "".join(seen) == "abccbaabc"
        assert [set(one) for one in rounds] == [set("abc")] * 3


class TestMeter:
    def test_bills_a_process_and_its_offspring_dead_or_alive(self) -> None:
        burn = "import time\nwhile time.process_time() < 0.4: pass\n"
        parent = (
            f"import subprocess, sys, time\nsubprocess.run([sys.executable, '-c', {burn!r}])\n"
            "print('done', flush=True)\ntime.sleep(60)"
        )
        with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as child:
            assert child.stdout is not None
            with Meter(child=child.pid) as meter:
                child.stdout.readline()
            child.kill()
        assert 0.35 < meter.cpu["child"] < 5
        assert meter.cpu["load"] < 0.2
        assert meter.seconds >= 0.35
        assert 0 <= meter.steal < 1

    def test_a_take_is_billed_by_the_piece(self) -> None:
        with Meter() as meter:
            ends = time.process_time() + 0.2
            while time.process_time() < ends:
                pass
        take = Take.of(10, meter)
        assert 15_000 < take.cpu_us["load"] < 60_000
        assert math.isclose(take.rate, 10 / meter.seconds)
