"""How PostgreSQL answers the statements of a question, and what it touches for it."""

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session

from kit.database import Database

Plan = dict[str, Any]


def plans(database: Database, ask: Callable[[Session], Any]) -> list[Plan]:
    """The plan of each statement of a question, as it came to it; the question must have an
    answer."""
    heard: list[tuple[str, Any]] = []

    def hear(_: Connection, __: Any, statement: str, parameters: Any, *___: Any) -> None:
        heard.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", hear)
    try:
        with database.transaction() as session:
            assert ask(session)
    finally:
        event.remove(database.engine, "before_cursor_execute", hear)
    assert heard
    with database.engine.connect() as connection:
        return [
            connection.exec_driver_sql(
                f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters
            ).scalar_one()[0]["Plan"]
            for statement, parameters in heard
        ]


def scanned(plan: Plan) -> set[str]:
    """The tables that are read from end to end."""
    return {node["Relation Name"] for node in _nodes(plan) if node["Node Type"] == "Seq Scan"}


def pages(plan: Plan) -> int:
    """Of 8 kB, touched in memory or on disk."""
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def _nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)
