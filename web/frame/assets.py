"""Stylesheet and script: each under a URL that changes with its content, kept for a year."""

import hashlib
from pathlib import Path

from flask import Blueprint, Response, abort, url_for

FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

_files: dict[str, tuple[bytes, str]] = {}
for _path in FOLDER.iterdir():
    if _path.suffix in _TYPES:
        _bytes = _path.read_bytes()
        _files[_path.name] = (_bytes, hashlib.sha256(_bytes).hexdigest()[:12])

assets = Blueprint("assets", __name__)


@assets.get("/assets/<digest>/<name>")
def asset(digest: str, name: str) -> Response:
    """One of the files, if it is still the one that was meant."""
    content, known = _files.get(name, (b"", ""))
    if digest != known:
        abort(404)
    response = Response(content, content_type=_TYPES[Path(name).suffix])
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


def asset_url(name: str) -> str:
    """Where the present version of a file is."""
    return url_for("assets.asset", digest=_files[name][1], name=name)
