"""`bin/hub rates outside …`: two people, and no loop with our own rates."""

from typing import Any

import pytest

from kit.errors import Refusal
from tests.cluster import Address
from tests.web.test_commands import Run, invoke, market, run  # noqa: F401 - the fixtures

RATE = ("--from", "2026-01-01", "--reason", "seen at the airport", "--as", "ann")


def agree(run: Run, *words: str) -> Any:  # noqa: F811
    proposal = run(*words)
    return run("proposals", "approve", proposal["id"], "--as", "ben")


def test_one_is_counted_with_once_two_people_agreed(
    run: Run,  # noqa: F811
    market: str,  # noqa: F811
    address: Address,
) -> None:
    selling = ("rates", "outside", "propose", "CNY", market, "--gives", "100", "--gets", "90")
    done = agree(run, *selling, *RATE)
    assert done["effect"].startswith("outside rate out_")
    [known] = run("rates", "outside", "list")
    assert (known["source"], known["target"], known["gets"]) == ("CNY", market, 90)
    for words in (
        ("rates", "propose", market, "--theirs", "1", "--ours", "2"),
        ("rates", "outside", "propose", "points", "CNY", "--gives", "3", "--gets", "1"),
    ):
        agree(run, *words, *RATE)
    with pytest.raises(Refusal) as refused:
        run("rates", "outside", "propose", "points", "CNY", "--gives", "3", "--gets", "2", *RATE)
    assert refused.value.code == "rate-arbitrage"
    assert "3 points → 2 CNY" in refused.value.facts["loop"]


def test_a_kind_that_leads_to_itself_is_refused(run: Run, market: str) -> None:  # noqa: F811
    with pytest.raises(Refusal) as refused:
        run("rates", "outside", "propose", "CNY", "CNY", "--gives", "1", "--gets", "1", *RATE)
    assert refused.value.code == "outside-rate-refused"
    assert "None" not in invoke("rates", "outside", "list").output
