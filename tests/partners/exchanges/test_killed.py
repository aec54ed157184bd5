"""Killed while it asks, before it asks and after it was answered: what is begun ends, once."""

import signal
import subprocess
import sys
import time
from random import Random

from tests.partners.exchanges.conftest import Trade
from tests.races.volleys import FULL
from tests.server import ROOT

KILLS = 100 if FULL else 15

WORKER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from kit.database import Database
from partners.exchanges import driving, machine
from partners.exchanges.calling import Caller
from partners.public_keys import PrivateKey
machine.pause = lambda tries: 0
url, key_id, key_file = sys.argv[1:]
key = PrivateKey.from_pem(Path(key_file).read_text())
caller = Caller(key_id, key, False, lambda: datetime.now(UTC))
database = Database(url)
print("up", flush=True)
while True:
    driving.ask_partners(database, caller)
"""


def test_killed_again_and_again(trade: Trade) -> None:
    random = Random(34)  # noqa: S311
    server = trade.coalition.server
    (key_id,) = server.keys
    arguments = [trade.database.url, key_id, str(server.key_file)]
    exchanges = []
    killed = 0
    while killed < KILLS:
        exchanges += [trade.begun("import", 30), trade.begun("export", 600)]
        if trade.balance()[0] < 1_000:
            trade.bank.accrue(trade.member, 5_000)
        trade.programme.moods += [random.choice(["done", "closes", "500"]) for _ in range(2)]
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert worker.stdout is not None
        worker.stdout.readline()
        time.sleep(random.uniform(0, 0.06))
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        worker.stdout.close()
        killed += 1
    trade.programme.moods = []
    for _ in range(20):
        trade.later(hours=2)
    assert {trade.row(one)["state"] for one in exchanges} == {"done"}
    assert trade.journals("import") == trade.journals("capture") == KILLS
    assert trade.balance()[1] == 0
    assert trade.programme.balance == 900 + KILLS * (179 - 30)
    assert len(trade.programme.done) == 2 * KILLS
