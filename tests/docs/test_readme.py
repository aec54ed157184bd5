"""What the pages name exists: commands, links, files, settings, invariants."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.books import every_invariant
from tests.server import ROOT
from web.cli import hub

PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], key=lambda page: page.as_posix()
)
LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.M | re.S)
PLACE = re.compile(r"`([\w.-]+(?:/[\w.-]+)+/?)`")
# What the pages speak of that is made by running something, or is somebody else's.
MADE = re.compile(r"HUB_HOME/|\.hub/|application/|.*…|[^a-z.]")


def text_of(page: Path) -> str:
    return page.read_text("utf-8")


def commands(page: Path) -> Iterator[list[str]]:
    """The arguments of every `bin/hub …`, in blocks and in running text."""
    text = text_of(page).replace("\\\n", " ")
    shell = [block for kind, block in FENCE.findall(text) if kind in ("sh", "console", "text", "")]
    # In running text a command stands alone between backticks, and no line is broken there.
    inline = re.findall(r"`(bin/hub [^`\n]+)`", FENCE.sub("", text))
    for line in [*inline, *(line for block in shell for line in block.splitlines())]:
        for found in re.split("bin/hub(?= )", line.partition(" #")[0])[1:]:
            # Quoted words, `$(…)` aside, and whatever else is not the shell's.
            words = re.match(r'(?: +(?:"[^"(]*"|[^\s"&|;<>()`]+))*', found)
            assert words is not None
            yield shlex.split(words[0])


def anchors(page: Path) -> set[str]:
    """The headings of a page, as GitHub names them."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", text_of(page)), re.M)
    return {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}


def is_command(arguments: list[str]) -> bool:
    asked = arguments if {"-h", "--help"} & {*arguments} else [*arguments, "--help"]
    return CliRunner().invoke(hub, asked).exit_code == 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
class TestPages:
    def test_every_command_exists_with_its_options(self, page: Path) -> None:
        for arguments in commands(page):
            assert is_command(arguments), shlex.join(["bin/hub", *arguments])

    def test_every_link_leads_somewhere(self, page: Path) -> None:
        for pair in LINK.findall(FENCE.sub("", text_of(page))):
            target = pair[0] or pair[1]
            if re.match(r"https?:", target):
                continue
            file, _, anchor = target.partition("#")
            there = (page.parent / file).resolve() if file else page
            assert there.exists(), target
            assert not anchor or anchor in anchors(there), target

    def test_every_file_named_exists(self, page: Path) -> None:
        for place in PLACE.findall(text_of(page)):
            name = place.rstrip("/")
            if MADE.match(place):
                continue
            assert (ROOT / name).exists() or (page.parent / name).exists(), place

    def test_no_page_knows_the_machine_it_was_written_on(self, page: Path) -> None:
        assert not re.search(r"/(?:home|root|work|tmp|Users)/", text_of(page))


def test_a_command_that_is_none_is_caught() -> None:
    assert is_command(["partners", "add", "aurora", "--name", "Aurora"])
    assert not is_command(["partners", "hire", "aurora"])
    assert not is_command(["partners", "add", "aurora", "--nom", "Aurora"])


def test_commands_are_found_where_they_stand() -> None:
    found = [shlex.join(each) for page in PAGES for each in commands(page)]
    assert "windows settle 2026-11 --as mei" in found
    assert "proposals approve" in found  # Its argument is the output of another, which is…
    assert "proposals list --json" in found  # …found as well.
    assert len(found) > 40


def test_the_table_of_settings_is_complete() -> None:
    read = set(
        re.findall(r"\"((?:HUB|DATABASE)_[A-Z_]+)\"", (ROOT / "web/config.py").read_text("utf-8"))
    )
    told = set(re.findall(r"^\| `([A-Z_]+)` \|", text_of(ROOT / "docs/operations.md"), re.M))
    assert told == read


def test_every_invariant_named_is_checked() -> None:
    checked = {one.name for one in every_invariant()}
    for page in (ROOT / "docs/decisions").glob("0*.md"):
        guard = text_of(page).partition("**Guard.**")[2]
        named = set(re.findall("`([a-z]+(?:-[a-z]+)+)`", guard))
        assert named <= checked, page.name


def test_every_decision_has_its_parts_and_its_place_in_the_list() -> None:
    listed = text_of(ROOT / "docs/decisions/README.md")
    for page in (ROOT / "docs/decisions").glob("0*.md"):
        for part in ("Context", "Decision", "Consequences", "Alternatives", "Guard"):
            assert f"**{part}.**" in text_of(page), (page.name, part)
        assert f"({page.name})" in listed
