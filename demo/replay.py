"""The replay: the households divided among client processes, each in order of its own time."""

from collections.abc import Iterator, Mapping
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from demo.client_process import run
from demo.keyring import Keyring
from demo.steps import Step
from demo.tally import Tally


class ClientDied(Exception):  # noqa: N818 - the house names what happened
    """A client process ended before its work did."""


def replay(
    plan: Mapping[int, list[Step]], keyring: Keyring, processes: int
) -> Iterator[tuple[int, Tally | None]]:
    """Yield how many more steps are done, and at the end of each process its tally.

    The processes are ended when the caller stops early. Raises ClientDied.
    """
    context = get_context("spawn")  # A fork would copy the threads that draw the progress.
    running: dict[Connection, BaseProcess] = {}
    try:
        for shard in shards(plan, processes):
            ours, theirs = context.Pipe(duplex=False)
            process = context.Process(target=run, args=(shard, keyring, theirs), daemon=True)
            process.start()
            theirs.close()
            running[ours] = process
        while running:
            for pipe in wait(list(running)):
                assert isinstance(pipe, Connection)  # noqa: S101 - nothing else was waited for
                try:
                    done, tally = pipe.recv()
                except EOFError:
                    raise ClientDied("A client process died; see above for what it said.") from None
                yield done, tally
                if tally is not None:
                    running.pop(pipe).join()
    finally:
        for left in running.values():
            left.terminate()
            left.join()


def shards(plan: Mapping[int, list[Step]], number: int) -> list[list[Step]]:
    """All steps of a household in one shard, and every shard in order of time."""
    households = sorted(plan)
    divided = [
        [step for household in households[index::number] for step in plan[household]]
        for index in range(number)
    ]
    # A stable sort: what a household does at one moment stays in its order.
    return [sorted(steps, key=lambda step: step.at) for steps in divided]
