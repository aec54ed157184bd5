"""Are the kept statements those the hub signed? The checker's queries cannot verify a signature."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from partners.public_keys import PublicKey
from settlement import store


def unverified(session: Session, keys: Mapping[str, PublicKey]) -> list[str]:
    """Numbers of statements whose bytes no key of these signed; empty when all is well.

    `keys` are all the hub ever signed with, by id: retired ones still vouch for old statements.
    """
    return [
        row["number"]
        for row in store.every_document(session)
        if row["key_id"] not in keys
        or not keys[row["key_id"]].verifies(row["signature"], row["document"])
    ]
