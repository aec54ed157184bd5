"""The demonstration from beginning to end; whatever happens, nothing is left running."""

import signal
import time
from contextlib import closing, suppress
from typing import TextIO

from rich.console import Console
from rich.markup import escape

from demo import home, report_money, report_trade
from demo.baskets import SOURCE, January, january
from demo.brands import BRANDS
from demo.console import progress, working
from demo.figures import told_otherwise
from demo.hub import Hub, HubFailed, choose_port
from demo.keyring import Keyring
from demo.operator_desk import OperatorDesk
from demo.plan import plan
from demo.registration import register
from demo.replay import replay
from demo.settling import fetch_statements, read_figures, settle
from demo.steps import Step
from demo.tally import Tally

WINDOW, NEXT_WINDOW = "2017-01", "2017-02"


def tell(console: Console, *, stay: bool, clients: int) -> int:
    """Run it all; 0 when the books balance, every answer verified and nothing went astray."""
    port = choose_port()
    place = home.location()
    with home.claim(place) as lock:
        console.print("\n[bold]Tongbao 通宝[/] A month of a coalition of eight brands.")
        console.print(f"[dim]Data: {SOURCE}.[/]\n")
        with working(console, "Reading the month and planning what each household does"):
            month = january()
            planned = plan(month.baskets)
        _describe(console, month, planned)
        with working(console, f"Making a fresh home in {place}"):
            home.make_fresh(place)
        hub = Hub(place, port)
        try:
            with closing(OperatorDesk(hub)) as desk:
                good = _live(console, hub, desk, lock, planned, clients)
            if stay:
                _stay(console, hub)
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # A second Ctrl-C must not leave it half.
            with working(console, "Stopping the hub and its database"):
                hub.close()
    console.print(f"  Nothing is left running. The files stay in {place} until the next bin/demo.")
    return 0 if good else 1


def _describe(console: Console, month: January, planned: dict[int, list[Step]]) -> None:
    steps = sum(len(each) for each in planned.values())
    earning = {step.reference.split("-")[0] for each in planned.values() for step in each}
    small = len(month.baskets) - len(earning & {str(each.number) for each in month.baskets})
    console.print(
        f"  January 2017: {month.lines:,} lines in {len(month.baskets):,} baskets of"
        f" {len(planned):,} households. All of them take part;\n  {small} baskets are too small"
        f" for a point. With spends, imports and returns: {steps:,} steps."
    )


def _live(
    console: Console,
    hub: Hub,
    desk: OperatorDesk,
    lock: TextIO,
    planned: dict[int, list[Step]],
    clients: int,
) -> bool:
    with working(console, f"Starting a database of its own and opening the window {WINDOW}"):
        desk.run("migrate")
        desk.run("windows", "open", WINDOW)
    with working(console, f"Starting the hub at {hub.origin}, in {hub.workers} processes"):
        hub.serve(lock)
        home.note(lock, f"process {hub.process_id}, {hub.origin}")
    with working(
        console,
        f"Registering {len(BRANDS)} brands, their keys, and terms that a second person approves",
    ):
        keyring = register(hub, desk)
    console.print(report_trade.coalition())
    tally = _replay(console, planned, keyring, clients)
    console.print(report_trade.requests(tally))
    return _settle(console, hub, desk, keyring, tally)


def _replay(
    console: Console, planned: dict[int, list[Step]], keyring: Keyring, clients: int
) -> Tally:
    total = sum(len(each) for each in planned.values())
    together = Tally()
    with (
        working(console, f"Living the month, from {clients} client processes", spin=False),
        progress(console, "January 2017", total) as advance,
    ):
        for steps, tally in replay(planned, keyring, clients):
            advance(steps)
            if tally is not None:
                together.add(tally)
    return together


def _settle(console: Console, hub: Hub, desk: OperatorDesk, keyring: Keyring, tally: Tally) -> bool:
    with working(console, f"Closing the window {WINDOW} and opening {NEXT_WINDOW}"):
        shown = settle(desk, WINDOW, NEXT_WINDOW)
    with working(console, "Fetching every brand's statement under its own key, and verifying it"):
        figures = read_figures(shown, fetch_statements(hub, keyring, WINDOW, tally))
    console.print(report_trade.points(figures))
    console.print(report_money.obligations(figures))
    console.print(report_money.positions(figures))
    console.print(report_money.payments(figures))
    console.print(f"  {report_money.compression(figures)}\n")
    with working(console, "Checking the whole of the books: bin/hub check"):
        status, told = hub.tell("check")
    wrong = tally.surprises + told_otherwise(figures.statements, tally.points)
    for each in wrong[:10]:
        console.print(f"[red]✗[/] {escape(each)}")
    if len(wrong) > 10:
        console.print(f"[red]✗[/] … and {len(wrong) - 10} more")
    if status != 0:
        console.print(f"[red]✗[/] bin/hub check says:\n{escape(told)}")
    console.print(f"  Statements, as JSON and CSV: {hub.home / 'statements'}")
    verified = f"{tally.answers:,} of {tally.answers + tally.unverified:,} answers"
    console.print(f"  Hub signatures verified: {verified}")
    if sum(position.net for position in figures.positions):
        raise HubFailed("The net positions do not sum to zero.")
    good = status == 0 and not wrong and tally.clean
    balance = "[green]books balance[/]" if status == 0 else "[red]books do NOT balance[/]"
    console.print(f"  {WINDOW}: [bold]{balance}[/]; the net positions sum to zero\n")
    return good


def _stay(console: Console, hub: Hub) -> None:
    console.print(f"""[bold]The hub is running at {hub.origin}.[/] In another terminal you may
  open {hub.origin}/docs
  bin/demo call harvest GET /v1/position
  bin/demo call peony GET /v1/windows/{WINDOW}
  bin/demo call lantern POST /v1/members '{{"reference": "you", "daily_limit": 500}}'
  HUB_HOME={hub.home} bin/hub check
The keys are in {hub.home / "keys"}, the log is {hub.log}.
[bold]Ctrl-C stops it all.[/]
""")
    with suppress(KeyboardInterrupt):
        while not hub.died():
            time.sleep(1)
    if hub.died():
        raise HubFailed(f"The hub ended by itself; see {hub.log}")
