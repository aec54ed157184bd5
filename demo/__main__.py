"""`bin/demo`: a month of a coalition of eight brands, on a hub of your own."""

import argparse
import signal
import sys
from collections.abc import Callable
from types import FrameType

from rich.markup import escape

from demo import call, story
from demo.baskets import SOURCE
from demo.console import make_console
from demo.home import HomeRefused
from demo.hub import HubFailed
from demo.replay import ClientDied
from kit.postgres import PostgresError
from sdk.python.tongbao_client import OutcomeUnknown

_ABOUT = f"""\
Replays January 2017 of a grocer's trade as a coalition of eight brands, by signed requests
to a hub on this machine, then settles the month.
Data: {SOURCE}.

    bin/demo                 ends with the hub running, for you to try; Ctrl-C stops it
    bin/demo --exit          stops everything at the end; 0 when the books balance
    bin/demo --households N  a smaller coalition, for a quick look
    bin/demo call …          one signed request as a brand, while bin/demo runs

HUB_HOME (default .hub) is where it works, in a folder `demo` of its own; HUB_PORT its port."""


# What can go wrong without being a mistake of this program: said in words, not in a traceback.
_FAILURES = (HomeRefused, HubFailed, ClientDied, PostgresError, OutcomeUnknown, PermissionError)


def _between(least: int, most: int) -> Callable[[str], int]:
    """Reads a number from `least` to `most`."""

    def number(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number from {least} to {most:,}")
        return int(text)

    return number


def main(arguments: list[str]) -> int:
    """0 when the books balance and every answer verified, 1 when not, 130 when interrupted."""
    if arguments[:1] == ["call"]:
        return call.call(arguments[1:])
    parser = argparse.ArgumentParser(
        "bin/demo", description=_ABOUT, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--exit", action="store_true", help="stop everything at the end")
    parser.add_argument(
        "--clients",
        type=_between(1, 16),
        default=4,
        metavar="N",
        help="client processes (default 4)",
    )
    parser.add_argument(
        "--households",
        type=_between(100, 10_000),
        metavar="N",
        help="only the first N of them, 100 at least, for a quick look",
    )
    asked = parser.parse_args(arguments)
    for sign in (signal.SIGINT, signal.SIGTERM):  # A shell ignores the first for its background.
        signal.signal(sign, _interrupt)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # As nohup asks.
        signal.signal(signal.SIGHUP, _interrupt)
    console = make_console()
    try:
        return story.tell(
            console, stay=not asked.exit, clients=asked.clients, households=asked.households
        )
    except KeyboardInterrupt:
        console.print("\nInterrupted. The hub and its database are stopped; nothing is running.")
        console.print("Begin again with bin/demo; it always starts afresh.")
        return 130
    except _FAILURES as error:
        console.print(f"[red]✗[/] {escape(str(error))}")
        return 1


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
