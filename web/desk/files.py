"""What is kept of a page as a file: a CSV of its rows, a document as it was signed."""

from collections.abc import Iterable, Sequence

from flask import Response

from kit.csv_lines import Cell, stream


def as_csv(head: Sequence[str], rows: Iterable[Sequence[Cell]], name: str) -> Response:
    """Rows as `name.csv`, sent as they are made."""
    return Response(
        stream(head, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def as_file(content: bytes, name: str, media_type: str) -> Response:
    """A document to keep."""
    return Response(
        content,
        content_type=media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
