"""The brands' keys: one for the tills, one for the office. The hub holds only the public halves."""

import json
from dataclasses import dataclass
from pathlib import Path

from demo.brands import BRANDS
from sdk.python.tongbao_client import Client, fetch_hub_keys

SCOPES = {"till": ("till", "issue"), "office": ("settle", "admin")}
_OFFICE = tuple(
    f"/v1/{page}"
    for page in ("position", "windows", "statements", "keys", "tree", "disputes", "invoices")
)
PATIENCE = 30.0  # Seconds to wait for an answer.


@dataclass(frozen=True, kw_only=True)
class Keyring:
    """Where the hub is, and by `slug/desk` the id of each key; the private halves are files."""

    folder: Path
    origin: str
    ids: dict[str, str]

    def save(self) -> None:
        """Keep it for `bin/demo call`."""
        page = json.dumps({"origin": self.origin, "ids": self.ids}, indent=1)
        (self.folder / "keyring.json").write_text(page, encoding="utf-8")

    def clients(self, desk: str) -> dict[str, Client]:
        """A client per brand, each believing only what the hub's published keys signed."""
        hub_keys = fetch_hub_keys(self.origin)
        return {
            brand.slug: Client(
                self.origin,
                self.ids[f"{brand.slug}/{desk}"],
                private_file(self.folder, brand.slug, desk).read_bytes(),
                hub_keys,
                timeout=PATIENCE,
            )
            for brand in BRANDS
        }


def load(folder: Path) -> Keyring:
    """The keyring of a demonstration that runs. Raises FileNotFoundError."""
    page = json.loads((folder / "keyring.json").read_text("utf-8"))
    return Keyring(folder=folder, origin=page["origin"], ids=page["ids"])


def private_file(folder: Path, slug: str, desk: str) -> Path:
    return folder / f"{slug}-{desk}.pem"


def desk_for(method: str, path: str) -> str:
    """Which of a brand's keys may ask this."""
    if path.startswith(_OFFICE) or (method, path) == ("POST", "/v1/rates"):
        return "office"
    return "till"
