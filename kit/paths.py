"""Where a page may send a browser on: to a path of this hub, never to another site."""

import re

_OWN = re.compile(r"/(?![/\\])[A-Za-z0-9._~/?&=%+,:-]*")


def is_own_path(path: str) -> bool:
    """Whether it is a path (with its query) of this site: no host, no backslash, no control."""
    return _OWN.fullmatch(path) is not None
