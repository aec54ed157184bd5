"""Rows around the books, with a sensible default for everything."""

import atexit
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.orm import Session

from exchange.models import Exposure, Link, Wallet
from kit.ids import to_text, uuid7
from members.models import Customer, Member
from partners.models import Key, Partner, Terms
from partners.public_keys import PrivateKey
from settlement.sealing.sealer import Sealer
from staff.approvals import content_hash
from staff.audit.recording import record
from staff.models import Operator, Proposal

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
_numbers = count(1)


def build_party(session: Session, *, kind: str = "partner", state: str = "open") -> int:
    """A party of the books with its four accounts and its exposure; its number."""
    party: int = session.execute(
        text("SELECT nextval(pg_get_serial_sequence('exchange.party', 'id'))")
    ).scalar_one()
    accounts = session.execute(
        text(
            "INSERT INTO exchange.account (kind, party_id) SELECT unnest(ARRAY['issuing', "
            "'accepting', 'breakage', 'receivable']), :party RETURNING id"
        ),
        {"party": party},
    ).scalars()
    session.execute(
        text(
            "INSERT INTO exchange.party OVERRIDING SYSTEM VALUE "
            "VALUES (:party, :kind, :state, :a, :b, :c, :d)"
        ),
        {"party": party, "kind": kind, "state": state} | dict(zip("abcd", accounts, strict=True)),
    )
    session.add(Exposure(party_id=party))
    session.flush()
    return party


def build_partner(
    session: Session,
    *,
    slug: str | None = None,
    name: str | None = None,
    state: str = "active",
    party: int | None = None,
) -> Partner:
    """A partner and, unless given, its party."""
    slug = slug or f"partner-{next(_numbers)}"
    partner = Partner(
        id=uuid7(),
        party_id=party or build_party(session),
        slug=slug,
        name=name or slug.title(),
        state=state,
        applied_at=NOW,
        activated_at=NOW if state != "applied" else None,
    )
    session.add(partner)
    session.flush()
    return partner


def build_key(
    session: Session,
    partner: Partner,
    *,
    public: str,
    scopes: tuple[str, ...] = ("till", "issue", "settle", "admin"),
    algorithm: str = "ed25519",
    id: str | None = None,  # noqa: A002 - the column's name
    revoked_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> Key:
    """A key of a partner."""
    key = Key(
        id=id or f"key-{next(_numbers)}",
        partner_id=partner.id,
        algorithm=algorithm,
        public=public,
        scopes=list(scopes),
        proof=b"",
        created_at=NOW,
        expires_at=expires_at,
        revoked_at=revoked_at,
    )
    session.add(key)
    session.flush()
    return key


def build_terms(session: Session, party: int, **fields: Any) -> Terms:
    """Terms of a party: one minor unit per point, no fee, settled on redemption, no cap."""
    terms = Terms(
        party_id=party,
        **{
            "issue_price": 1_000_000,
            "accept_price": 1_000_000,
            "fee_ppm": 0,
            "prefunded_ppm": 0,
            "breakage_hub_ppm": 0,
            "currency": "EUR",
            "cap": None,
            "expiry_months": 24,
            "pending_days": 0,
            "valid": Range(datetime(2020, 1, 1, tzinfo=UTC), None),
        }
        | fields,
    )
    session.add(terms)
    session.flush()
    return terms


def build_member(
    session: Session,
    party: int,
    *,
    reference: str | None = None,
    daily_limit: int = 0,
    shares_balance: bool = False,
) -> Link:
    """A member enrolled by a party: wallet, member, link and customer number; the link."""
    wallet: int = session.execute(
        text("INSERT INTO exchange.account (kind) VALUES ('wallet') RETURNING id")
    ).scalar_one()
    session.add(Wallet(id=wallet, opened_at=NOW))
    session.flush()
    member = Member(id=uuid7(), wallet_id=wallet, enrolled_by=party, enrolled_at=NOW)
    link = Link(
        id=uuid7(),
        party_id=party,
        wallet_id=wallet,
        daily_limit=daily_limit,
        shares_balance=shares_balance,
        linked_at=NOW,
    )
    session.add_all([member, link])
    session.flush()
    reference = reference or f"customer {next(_numbers)}"
    session.add(Customer(party_id=party, reference=reference, member_id=member.id, link_id=link.id))
    session.flush()
    return link


def build_operator(
    session: Session,
    *,
    name: str | None = None,
    roles: Sequence[str] = ("operations", "finance", "risk", "approver"),
) -> Operator:
    """Somebody who works for the hub."""
    operator = Operator(
        name=name or f"operator {next(_numbers)}", roles=list(roles), created_at=NOW
    )
    session.add(operator)
    session.flush()
    return operator


def build_proposal(
    session: Session,
    *,
    kind: str = "adjustment",
    content: dict[str, Any] | None = None,
    proposed_by: str = "somebody",
    decided_by: str | None = None,
    state: str | None = None,
    expires_at: datetime = NOW + timedelta(days=7),
) -> Proposal:
    """A proposal: waiting, or approved when `decided_by` is given."""
    content = content or {}
    digest = content_hash(kind, content)
    id_ = uuid7()
    proposal = Proposal(
        id=id_,
        kind=kind,
        object=str(id_),
        content=content,
        content_hash=digest,
        reason="a test",
        proposed_by=proposed_by,
        proposed_at=NOW,
        expires_at=expires_at,
        state=state or ("approved" if decided_by else "waiting"),
        decided_by=decided_by,
        decided_hash=digest if decided_by else None,
        decided_at=NOW if decided_by else None,
    )
    session.add(proposal)
    session.flush()
    after = {"id": str(id_), "kind": kind, "content": content, "hash": digest.hex()}
    name = to_text("prp", id_)
    record(session, who=proposed_by, what="proposed", object_=name, now=NOW, after=after)
    if decided_by:
        record(session, who=decided_by, what=proposal.state, object_=name, now=NOW)
    return proposal


def build_sealer() -> Sealer:
    """A hub's key with a file of its own for its heads, gone when the tests end."""
    folder = Path(tempfile.mkdtemp(prefix="tongbao-heads-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Sealer(
        "hub-test", PrivateKey.generate(), secrets.token_bytes(32), folder / "heads.ndjson"
    )
