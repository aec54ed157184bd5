"""Two exchanges of a member's: one is done, one waits for a brand that does not answer."""

from datetime import datetime, timedelta
from uuid import UUID

from demo.asking import put
from demo.hub import HubFailed
from demo.keyring import Keyring
from demo.operator_desk import OperatorDesk
from demo.programme import ANSWERS, SILENT, Programme
from demo.tally import Tally
from kit.clock import system_clock
from kit.secrets import Secrets
from members.people import store as people
from partners import registry
from partners.exchanges import driving, exchanging, store
from partners.exchanges.calling import Caller
from sdk.python.tongbao_client import fetch_hub_keys

GIVEN = {ANSWERS: 200, SILENT: 120}  # points
SINCE = timedelta(hours=3)  # since when nobody has answered
_LIMIT = 100_000  # points a day, by trust


def exchange(
    desk: OperatorDesk, keyring: Keyring, programme: Programme, person: UUID, tally: Tally
) -> None:
    """Have both brands say where they are asked, then exchange at both.

    Raises HubFailed, UnverifiedAnswer.
    """
    programme.hub_keys = fetch_hub_keys(keyring.origin)
    offices = keyring.clients("office")
    for slug in GIVEN:
        put(offices[slug], "/v1/exchange-endpoint", {"url": programme.url(slug)}, tally)
    now = system_clock()
    for slug, at, expected in ((ANSWERS, now, "done"), (SILENT, now - SINCE, "asked")):
        state = _exchange(desk, slug, person, at)
        if state != expected:
            raise HubFailed(f"The exchange at {slug} is {state}, not {expected}")


def _exchange(desk: OperatorDesk, slug: str, person: UUID, now: datetime) -> str:
    """As the member does it in the wallet; the state it is in when its brand was asked once."""
    key = desk.settings.key
    with desk.database.transaction() as session:
        found = people.living(session, person)
        assert found is not None  # noqa: S101 - the year was lived by them
        wallet = found["wallet"]
        party = registry.find(session, slug).party
        asked = exchanging.quote(
            session,
            wallet=wallet,
            party=party,
            direction="export",
            amount=GIVEN[slug],
            limit=_LIMIT,
            now=now,
        )
        secrets = Secrets(desk.settings.secret)
        exchanging.confirm(session, asked, wallet=wallet, limit=_LIMIT, secrets=secrets, now=now)
    driving.advance(desk.database, Caller(key.id, key.private, False, lambda: now), asked)
    with desk.database.transaction() as session:
        row = store.find(session, asked, wallet)
    return str(row and row["state"])
