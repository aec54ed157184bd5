"""The audit log in a browser: found by its filters, opened, verified, and proven to be sealed."""

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from kit.database import Database
from kit.ids import to_text, uuid7
from partners.public_keys import PrivateKey
from settlement.sealing import seal
from settlement.sealing.sealer import Sealer
from staff.audit.recording import acting_from, record
from tests.browser.desk import DESK
from tests.browser.visitor import PHONE, Visitor
from tests.server import SECRET, Server

SHOTS = os.environ.get("SHOTS", "")  # A folder for pictures of each page.
LOOKS = [(DESK, "en", "light"), (PHONE, "zh", "light"), (DESK, "zh", "dark"), (PHONE, "en", "dark")]


@pytest.fixture
def month(database: Database) -> UUID:
    """What people did at a month's end; the entry of somebody who looked at a member's name."""
    at, proposal = datetime.now(UTC) - timedelta(hours=30), to_text("prp", uuid7())
    acts: list[tuple[str, str, str, str, dict[str, Any], dict[str, Any]]] = [
        ("calendar", "window-closed", "window 2026-10", "", {"state": "open"}, {"state": "closed"}),
        ("fay", "proposed", proposal, "Figures checked against October's statements", {},
         {"kind": "window-approval", "hash": "9f3a41c2" * 8, "content": {"window": "2026-10"}}),
        ("ben", "approved", proposal, "", {"state": "waiting"}, {"state": "approved"}),
        ("ben", "window-approved", "window 2026-10", "", {"state": "closed"},
         {"state": "approved", "proposal": proposal}),
        ("risk-02", "member-unmasked", "mbr_3f7q2k", "lost phone, case 5512", {}, {}),
    ]  # fmt: skip
    made = []
    with database.transaction() as session:
        for number, (who, what, object_, reason, before, after) in enumerate(acts):
            place = "command line" if who == "calendar" else "10.2.0.14, passkey, ses_01kaq"
            with acting_from(place):
                made.append(
                    record(
                        session,
                        who=who,
                        what=what,
                        object_=object_,
                        now=at + timedelta(hours=number),
                        reason=reason,
                        before=before or None,
                        after=after or None,
                    )
                )
    return made[3]


@pytest.fixture
def sealer(site: Server, tmp_path: Path) -> Sealer:
    """With the key of the hub that the browser sees."""
    private = PrivateKey.from_pem(site.key_file.read_text())
    return Sealer(next(iter(site.keys)), private, SECRET.encode(), tmp_path / "heads.ndjson")


def test_an_auditor_reads_the_log_in_every_look(
    desk_visitor: Callable[..., Visitor], month: UUID, database: Database, sealer: Sealer
) -> None:
    name = to_text("aud", month)
    for number, (screen, language, theme) in enumerate(LOOKS):
        visitor = desk_visitor(
            f"ida-{number}", "auditor", screen=screen, language=language, theme=theme
        )
        for page in (
            *("/desk/audit", "/desk/audit?who=nobody", "/desk/audit?period=lately"),
            f"/desk/audit/{name}",
        ):
            visitor.go(page)
            visitor.check()
            picture(visitor, f"{number}-{page.rpartition('/')[2][:20]}")
        if number == 1:
            seal.seal(database, sealer, datetime.now(UTC))


def test_an_entry_is_found_and_verified_and_its_proof_kept(
    desk_visitor: Callable[..., Visitor], month: UUID, database: Database, sealer: Sealer
) -> None:
    while seal.seal(database, sealer, datetime.now(UTC)) == 0:
        pass
    visitor = desk_visitor("ida", "auditor")
    page = visitor.page
    visitor.go("/desk/audit")
    page.get_by_label("Object", exact=True).fill("window 2026-10")
    page.get_by_label("Who", exact=True).select_option("ben")
    page.get_by_role("button", name="Apply").click()
    rows = page.locator("tbody tr")
    assert rows.count() == 1
    rows.get_by_role("link").first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "ben: approved the settlement"
    page.get_by_role("button", name="Verify again").click()
    assert "Verified again at" in page.get_by_role("status").inner_text()
    visitor.check()
    page.get_by_text("How to check it offline").click()
    visitor.check()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download proof").click()
    assert re.fullmatch(r"aud_[0-9a-z]{26}\.json", download.value.suggested_filename)


def picture(visitor: Visitor, name: str) -> None:
    if SHOTS:
        visitor.page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
