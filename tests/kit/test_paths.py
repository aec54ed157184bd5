"""Paths of this hub, and what only looks like one."""

import pytest

from kit.paths import is_own_path


@pytest.mark.parametrize(
    "path", ["/", "/wallet", "/wallet/activity?kind=spent&before=a%2Fb", "/a/b-c_d~e"]
)
def test_own(path: str) -> None:
    assert is_own_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "", "wallet", "//other.example", "/\\other.example", "https://other.example/", "/a b",
        "/a#b", "/a\nb", "/a\r\nLocation: x", "/a\x00", "/é", "javascript:go()",
        "/\t/other.example", "/a\n",
    ],
)  # fmt: skip
def test_not_own(path: str) -> None:
    assert not is_own_path(path)
