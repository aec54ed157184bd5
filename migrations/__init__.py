"""How the schema came to be, step by step; SQL that is long stands in `sql/` beside its step."""

from pathlib import Path


def script(name: str) -> str:
    """The text of `sql/<name>`."""
    return (Path(__file__).parent / "sql" / name).read_text(encoding="utf-8")
