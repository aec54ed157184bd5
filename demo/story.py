"""The demonstration from beginning to end; whatever happens, nothing is left running."""

import signal
import time
from contextlib import closing, suppress
from datetime import UTC, datetime
from itertools import islice
from typing import TextIO

from rich.console import Console

from demo import banking, exchanging, home, months, programme, report_trade, year
from demo.baskets import SOURCE, January, january
from demo.brands import BRANDS
from demo.console import progress, working
from demo.hub import Hub, HubFailed, choose_port
from demo.keyring import Keyring
from demo.member import NUMBER
from demo.month_end import WINDOW, Facts, MonthEnd
from demo.operator_desk import OperatorDesk
from demo.plan import plan
from demo.programme import Programme
from demo.proving import keep_head
from demo.registration import APPROVER, PROPOSER, register
from demo.replay import replay
from demo.steps import Step
from demo.tally import Tally
from demo.year import Lived


def tell(console: Console, *, stay: bool, clients: int, households: int | None = None) -> int:
    """Run it all; 0 when the books balance, every answer verified and nothing went astray.

    `households` is how many take part, the first of them; None for all.
    """
    port = choose_port()
    place = home.location()
    with home.claim(place) as lock:
        console.print("\n[bold]Tongbao 通宝[/] A month of a coalition of eight brands.")
        console.print(f"[dim]Data: {SOURCE}.[/]\n")
        with working(console, "Reading the month and planning what each household does"):
            month = january()
            planned = dict(islice(plan(month.baskets).items(), households))
        _describe(console, month, planned)
        with working(console, f"Making a fresh home in {place}"):
            home.make_fresh(place)
        hub = Hub(place, port)
        try:
            with closing(OperatorDesk(hub)) as desk, programme.running() as own:
                good = _live(console, hub, desk, lock, planned, clients, own)
                if stay:
                    hub.work(lock)
                    _stay(console, hub, desk)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # A second Ctrl-C must not leave it half.
            with working(console, "Stopping the hub and its database"):
                hub.close()
    console.print(f"  Nothing is left running. The files stay in {place} until the next bin/demo.")
    return 0 if good else 1


def _describe(console: Console, month: January, planned: dict[int, list[Step]]) -> None:
    steps = sum(len(each) for each in planned.values())
    earning = {step.reference.split("-")[0] for each in planned.values() for step in each}
    baskets = [each for each in month.baskets if each.household in planned]
    small = len(baskets) - len(earning & {str(each.number) for each in baskets})
    everybody = len({each.household for each in month.baskets})
    who = "All of them take" if len(planned) == everybody else f"{len(planned):,} of them take"
    console.print(
        f"  January 2017: {month.lines:,} lines in {len(month.baskets):,} baskets of"
        f" {everybody:,} households. {who} part;\n  {small} baskets are too small"
        f" for a point. With spends, imports and returns: {steps:,} steps."
    )


def _live(
    console: Console,
    hub: Hub,
    desk: OperatorDesk,
    lock: TextIO,
    planned: dict[int, list[Step]],
    clients: int,
    own: Programme,
) -> bool:
    now = datetime.now(UTC)
    with working(console, "Starting a database of its own and opening the books"):
        desk.run("migrate")
        year.open_books(desk, now)
    with working(console, f"Starting the hub at {hub.origin}, in {hub.workers} processes"):
        hub.serve(lock)
        home.note(lock, f"process {hub.process_id}, {hub.origin}")
    with working(
        console,
        f"Registering {len(BRANDS)} brands, their keys, and terms that a second person approves",
    ):
        keyring = register(hub, desk)
    with working(console, "Agreeing on a monthly calendar and on bank accounts, by two people"):
        banking.agree(desk)
    console.print(report_trade.coalition())
    lived = _live_a_year(console, hub, desk, now)
    tally, head = _replay(console, desk, planned, keyring, clients)
    tally.points.update(lived.points)
    console.print(report_trade.requests(tally))
    month = MonthEnd(console, hub, desk, keyring, tally)
    month.close()
    month.contest({step.undoes for steps in planned.values() for step in steps})
    month.prove(head)
    month.pay()
    month.explain()
    month.export()
    month.leave_work()
    with working(console, "Exchanging points for two brands' own: one answers, one does not"):
        exchanging.exchange(desk, keyring, own, lived.person, tally)
    return month.check()


def _live_a_year(console: Console, hub: Hub, desk: OperatorDesk, now: datetime) -> Lived:
    what = f"Living the year before with {year.HOUSEHOLDS} households, and settling each month"
    with (
        working(console, what, spin=False),
        progress(console, "Months", len(months.closed(now)) + 1) as advance,
    ):
        lived = year.live_a_year(hub, desk, now, advance)
        desk.run("seal", "now")
    first, last = lived.months[0].name, lived.months[-1].name
    console.print(
        f"  {lived.journals:,} events; {first} to {last} are closed and settled."
        f" {lived.members_own} are of the member to sign in as.\n"
    )
    return lived


def _replay(
    console: Console,
    desk: OperatorDesk,
    planned: dict[int, list[Step]],
    keyring: Keyring,
    clients: int,
) -> tuple[Tally, Facts]:
    """What was counted, and the log's head that one brand kept in the middle of the month."""
    total = sum(len(each) for each in planned.values())
    together, done, head = Tally(), 0, Facts()
    office = keyring.clients("office")[BRANDS[0].slug]
    with (
        working(console, f"Living the month, from {clients} client processes", spin=False),
        progress(console, "January 2017", total) as advance,
    ):
        for steps, tally in replay(planned, keyring, clients):
            advance(steps)
            done += steps
            if not head and done * 2 > total:
                desk.run("seal", "now")  # The worker does so every ten seconds, but not just now.
                head = keep_head(office, together)
            if tally is not None:
                together.add(tally)
    return together, head


def _stay(console: Console, hub: Hub, desk: OperatorDesk) -> None:
    link = desk.run("members", "sign-in-link", NUMBER, "--json")["link"]
    proposer, approver = (
        desk.run("operators", "sign-in-link", name, "--json")["link"]
        for name in (PROPOSER, APPROVER)
    )
    console.print(f"""[bold]The hub is running at {hub.origin}.[/]
At the desk, a year closed month by month, sign in, once each and in two browsers:
  {PROPOSER}, who proposed, {proposer}
  {APPROVER}, who approves, {approver}
In the wallet, a member with a year of history, once:
  {link}
In another terminal you may
  open {hub.origin}/docs
  bin/demo call harvest GET /v1/position
  bin/demo call peony GET /v1/windows/{WINDOW}
  bin/demo call lantern POST /v1/members '{{"reference": "you", "daily_limit": 500}}'
  HUB_HOME={hub.home} bin/hub settlement explain {WINDOW} lantern
  HUB_HOME={hub.home} bin/hub check
The keys are in {hub.home / "keys"}, the log is {hub.log}.
[bold]Ctrl-C stops it all.[/]
""")
    with suppress(KeyboardInterrupt):
        while not hub.died():
            time.sleep(1)
    if hub.died():
        raise HubFailed(f"The hub ended by itself; see {hub.log}")
