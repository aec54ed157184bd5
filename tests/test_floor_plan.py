"""Imports point down only; and the guard that says so can fail."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("kit", "exchange", "members", "staff", "partners", "settlement", "web")
PLANTED = [
    ("exchange/acceptance.py", "import partners.registry"),
    ("kit/clock.py", "from exchange import ledger"),
    ("members/consent.py", "import staff.approvals"),
    ("partners/terms.py", "from settlement import netting"),
]
NAMELESS = {"service.py", "services.py", "utils.py", "helpers.py", "common.py", "misc.py"}


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_imports_point_down() -> None:
    result = _lint(ROOT)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("file", "line"), PLANTED)
def test_an_import_that_points_up_is_caught(copy: Path, file: str, line: str) -> None:
    path = copy / file
    path.write_text(f"{path.read_text()}\n{line}\n")
    result = _lint(copy)
    assert result.returncode != 0
    assert "BROKEN" in result.stdout


def test_foreign_keys_point_down() -> None:
    import tests.wiping  # noqa: F401 - it imports every model
    from kit.database import Base

    floor = {
        name: height
        for height, names in enumerate(
            (("exchange",), ("members", "staff"), ("partners",), ("settlement",))
        )
        for name in names
    }
    for table in Base.metadata.tables.values():
        for key in table.foreign_keys:
            target = key.column.table
            if target.schema != table.schema:
                assert floor[str(target.schema)] < floor[str(table.schema)], key


def test_every_file_says_what_it_does() -> None:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            assert path.name not in NAMELESS, path
            assert path.read_text().startswith('"""'), f"{path} has no docstring"
