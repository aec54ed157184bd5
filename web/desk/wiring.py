"""What the desk's pages may reach: one value, made where the application is wired."""

from dataclasses import dataclass

from flask import current_app

from exchange.funnel import Funnel
from kit.clock import Clock
from kit.database import Database
from kit.secrets import Secrets
from settlement.sealing.sealer import Sealer
from web.config import Config


@dataclass(frozen=True, kw_only=True, slots=True)
class Desk:
    """`settings` are the hub's own, as the command line has them."""

    clock: Clock
    database: Database
    funnel: Funnel
    secrets: Secrets
    settings: Config

    @property
    def signer(self) -> Sealer:
        """What signs and seals for the hub."""
        return self.settings.sealer

    @property
    def currency(self) -> str:
        """ISO 4217, of every figure that names none."""
        return self.settings.currency


def here() -> Desk:
    """What the application that serves this request was wired with."""
    wired: Desk = current_app.extensions["desk"]
    return wired
