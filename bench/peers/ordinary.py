"""The ordinary Python stack: the same signed redemption as a good engineer writes it by the book.

Flask, marshmallow, http-message-signatures, SQLAlchemy's ORM with its unit of work, gunicorn.
Nothing is slowed on purpose, and nothing is tuned: one function per step, one transaction.

It does what the hub does with a redemption under a mandate: verify the request (covered
components, content digest, a minute's window, a nonce used once), keep the idempotency claim
with its answer and the evidence, check the partner, the link and its daily limit, lock and
debit the wallet, spend its lots in the order of their expiry, write journal and postings, and
sign the answer over the request. It leaves out settlement windows, terms, scopes, payment codes,
suspension and rotation of keys, and every other operation.

Needs nothing of the hub, and runs in an environment of its own.
"""

import json
import os
import sys
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from flask import Flask, Response, request
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    MappingKeyResolver,
    VerifyResult,
    algorithms,
)
from marshmallow import RAISE, Schema, ValidationError, fields, validate
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Engine,
    ForeignKey,
    Index,
    UniqueConstraint,
    create_engine,
    insert,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    relationship,
    sessionmaker,
)

COVERED = ("@method", "@target-uri", "content-type", "content-digest", "idempotency-key")
KEY_ID = "ordinary"
OPENING = 1_000_000  # points in each of a wallet's three lots
WINDOW = timedelta(seconds=60)


class Base(DeclarativeBase):
    type_annotation_map = {  # noqa: RUF012 - as SQLAlchemy documents it
        int: BigInteger,
        datetime: TIMESTAMP(timezone=True),
        dict[str, Any]: JSONB,
    }


class Party(Base):
    __tablename__ = "party"

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(default="open")


class Key(Base):
    __tablename__ = "key"

    id: Mapped[str] = mapped_column(primary_key=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    public: Mapped[bytes]


class Wallet(Base):
    __tablename__ = "wallet"
    __table_args__ = (CheckConstraint("available >= 0"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    available: Mapped[int]
    frozen: Mapped[bool] = mapped_column(default=False)


class Link(Base):
    __tablename__ = "link"

    id: Mapped[str] = mapped_column(primary_key=True)
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    wallet_id: Mapped[int] = mapped_column(ForeignKey("wallet.id"))
    active: Mapped[bool] = mapped_column(default=True)
    daily_limit: Mapped[int]
    spent: Mapped[int] = mapped_column(default=0)
    spent_on: Mapped[date | None]


class Lot(Base):
    __tablename__ = "lot"
    __table_args__ = (
        CheckConstraint("available >= 0"),
        Index("lot_by_wallet", "wallet_id", "expires_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    wallet_id: Mapped[int] = mapped_column(ForeignKey("wallet.id"))
    issuer_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    expires_on: Mapped[date]
    available: Mapped[int]


class Journal(Base):
    __tablename__ = "journal"
    __table_args__ = (
        UniqueConstraint("party_id", "kind", "reference", name="reference_once"),
        Index("journal_by_wallet", "wallet_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    kind: Mapped[str]
    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    wallet_id: Mapped[int] = mapped_column(ForeignKey("wallet.id"))
    points: Mapped[int]
    reference: Mapped[str]
    at: Mapped[datetime]
    postings: Mapped[list["Posting"]] = relationship()


class Posting(Base):
    __tablename__ = "posting"
    __table_args__ = (CheckConstraint("points > 0"),)

    journal_id: Mapped[UUID] = mapped_column(ForeignKey("journal.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    lot_id: Mapped[int] = mapped_column(ForeignKey("lot.id"))
    issuer_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    acceptor_id: Mapped[int] = mapped_column(ForeignKey("party.id"))
    points: Mapped[int]


class Claim(Base):
    __tablename__ = "claim"

    party_id: Mapped[int] = mapped_column(ForeignKey("party.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    status: Mapped[int]
    answer: Mapped[dict[str, Any]]
    evidence: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class Nonce(Base):
    __tablename__ = "nonce"

    key_id: Mapped[str] = mapped_column(primary_key=True)
    nonce: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class RedemptionBody(Schema):
    class Meta:
        unknown = RAISE

    member = fields.String(required=True, validate=validate.Length(1, 64))
    points = fields.Integer(required=True, strict=True, validate=validate.Range(1, 10**12))
    reference = fields.String(required=True, validate=validate.Length(1, 64))


class RedemptionAnswer(Schema):
    id = fields.UUID(required=True)
    kind = fields.String(required=True)
    member = fields.String(required=True)
    points = fields.Integer(required=True)
    reference = fields.String(required=True)
    at = fields.DateTime(required=True)


class Refused(Exception):  # noqa: N818 - an answer, not a fault
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code

    @property
    def answer(self) -> dict[str, Any]:
        return {"status": self.status, "code": self.code}


class Keys(HTTPSignatureKeyResolver):
    """The partners' keys, read from the database so that one who is revoked is out at once."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        key = self.session.get(Key, key_id)
        return None if key is None else Ed25519PublicKey.from_public_bytes(key.public)

    def resolve_private_key(self, key_id: str) -> Any:
        raise KeyError(key_id)


def redeem(session: Session, party_id: int, data: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Spend a member's points, the lots that expire first before the others. Raises Refused."""
    party = session.get(Party, party_id)
    if party is None or party.state != "open":
        raise Refused(403, "partner-not-active")
    link = session.get(Link, data["member"], with_for_update=True)
    if link is None or link.party_id != party_id or not link.active:
        raise Refused(404, "member-not-found")
    today, points = now.date(), data["points"]
    spent = link.spent if link.spent_on == today else 0
    if spent + points > link.daily_limit:
        raise Refused(409, "mandate-limit")
    wallet = session.get(Wallet, link.wallet_id, with_for_update=True)
    if wallet is None or wallet.frozen:
        raise Refused(409, "wallet-frozen")
    if wallet.available < points:
        raise Refused(409, "insufficient-points")
    lots = session.scalars(
        select(Lot)
        .where(Lot.wallet_id == wallet.id, Lot.available > 0, Lot.expires_on >= today)
        .order_by(Lot.expires_on, Lot.id)
    ).all()
    if sum(lot.available for lot in lots) < points:
        raise Refused(409, "insufficient-points")

    journal = Journal(
        id=uuid4(),
        kind="redemption",
        party_id=party_id,
        wallet_id=wallet.id,
        points=points,
        reference=data["reference"],
        at=now,
    )
    left = points
    for line, lot in enumerate(lots, 1):
        taken = min(left, lot.available)
        lot.available -= taken
        journal.postings.append(
            Posting(
                line=line,
                lot_id=lot.id,
                issuer_id=lot.issuer_id,
                acceptor_id=party_id,
                points=taken,
            )
        )
        left -= taken
        if left == 0:
            break
    wallet.available -= points
    link.spent, link.spent_on = spent + points, today
    answer = RedemptionAnswer().dump(
        {"id": journal.id, "kind": "redemption", "at": now, **data},
    )
    session.add(journal)
    return answer


def carry_out(
    session: Session, key: Key, verified: VerifyResult, body: bytes
) -> tuple[int, dict[str, Any]]:
    """The answer to a verified request, saved under its idempotency key with what was done."""
    now = datetime.now(UTC)
    idempotency_key = verified.covered_components['"idempotency-key"'].strip('"')
    parts = ("@method", "@target-uri", "content-type", "content-digest")
    signed = "\n".join(verified.covered_components[f'"{name}"'] for name in parts)
    fingerprint = sha256(signed.encode()).digest()
    session.add(Nonce(key_id=key.id, nonce=verified.nonce, at=now))
    claim = session.get(Claim, (key.party_id, idempotency_key))
    if claim is not None:
        session.commit()
        if claim.fingerprint != fingerprint:
            raise Refused(409, "idempotency-key-reused")
        return claim.status, claim.answer
    try:
        data = RedemptionBody().loads(body)
    except ValidationError as error:
        raise Refused(422, "request-invalid") from error
    try:
        status, answer = 201, redeem(session, key.party_id, data, now)
    except Refused as refused:
        status, answer = refused.status, refused.answer
    session.add(
        Claim(
            party_id=key.party_id,
            key=idempotency_key,
            fingerprint=fingerprint,
            status=status,
            answer=answer,
            evidence={
                "key_id": key.id,
                "base": "\n".join(f"{k}: {v}" for k, v in verified.covered_components.items()),
                "signature": request.headers["signature"],
                "body": body.decode(),
            },
            at=now,
        )
    )
    session.commit()
    return status, answer


# What a broken constraint means; which of two twins is late shows only when it commits.
CONSTRAINTS = {
    "nonce_pkey": Refused(401, "signature-replayed"),
    "claim_pkey": Refused(409, "request-in-progress"),
    "reference_once": Refused(409, "duplicate-reference"),
}


def engine_of(url: str) -> Engine:
    return create_engine(make_url(url).set(drivername="postgresql+psycopg"), pool_size=8)


def create_app() -> Flask:
    """PEER_URL is the database, PEER_ORIGIN what partners sign, PEER_KEY our key in hexadecimal."""
    app = Flask(__name__)
    sessions = sessionmaker(engine_of(os.environ["PEER_URL"]))
    origin = os.environ["PEER_ORIGIN"]
    private = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(os.environ["PEER_KEY"]))
    signer = HTTPMessageSigner(
        signature_algorithm=algorithms.ED25519,
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={KEY_ID: private}),
    )

    @app.get("/health")
    def health() -> str:
        return "well"

    @app.post("/v1/redemptions")
    def redemption() -> Response:
        body = request.get_data()
        asked = SimpleNamespace(
            method=request.method, url=origin + request.path, headers=request.headers
        )
        with sessions() as session:
            verifier = HTTPMessageVerifier(
                signature_algorithm=algorithms.ED25519, key_resolver=Keys(session)
            )
            try:
                verified = verifier.verify(
                    asked,
                    max_age=WINDOW,
                    expect_tag="cpx-request-1",
                    require_components=COVERED,
                    body=body,
                )[0]
                key = session.get(Key, verified.parameters["keyid"])
                if key is None or verified.nonce is None:
                    raise InvalidSignature("no key or no nonce")
            except InvalidSignature:
                return Response(
                    '{"code": "signature-invalid"}', 401, content_type="application/json"
                )
            try:
                status, answer = carry_out(session, key, verified, body)
            except Refused as refused:
                status, answer = refused.status, refused.answer
            except IntegrityError as error:
                session.rollback()
                late = CONSTRAINTS[error.orig.diag.constraint_name]  # type: ignore[union-attr]
                status, answer = late.status, late.answer
        return signed(asked, verified, status, answer)

    def signed(
        asked: SimpleNamespace, verified: VerifyResult, status: int, answer: dict[str, Any]
    ) -> Response:
        """The answer, bound by our signature to every signed part of the request."""
        content = json.dumps(answer).encode()
        response = SimpleNamespace(
            status_code=status, headers={"Content-Type": "application/json"}, request=asked
        )
        echoed = [
            f"{name};req" for name in verified.covered_components if name != '"@signature-params"'
        ]
        signer.sign(
            response,
            key_id=KEY_ID,
            nonce=verified.nonce,
            tag="cpx-response-1",
            covered_component_ids=("@status", "content-type", "content-digest", *echoed),
            body=content,
        )
        answered = Response(content, status, headers=response.headers)
        # In small letters, as the load generator looks for it.
        answered.headers["content-length"] = str(len(content))
        return answered

    return app


def fill(engine: Engine, facts: dict[str, Any]) -> None:
    """Tables and members: `tills` of {party, key_id, public (hexadecimal)}, `links` their names.

    Member `n` (from 1) is linked to till `n % len(tills)` and has three lots of OPENING points.
    """
    Base.metadata.create_all(engine)
    tills, numbers = facts["tills"], range(1, len(facts["links"]) + 1)
    parties = [till["party"] for till in tills]
    today = datetime.now(UTC).date()
    with Session(engine) as session, session.begin():
        session.execute(insert(Party), [{"id": party, "state": "open"} for party in parties])
        session.execute(
            insert(Key),
            [
                {"id": t["key_id"], "party_id": t["party"], "public": bytes.fromhex(t["public"])}
                for t in tills
            ],
        )
        session.execute(
            insert(Wallet), [{"id": n, "available": 3 * OPENING, "frozen": False} for n in numbers]
        )
        session.execute(
            insert(Link),
            [
                {
                    "id": name,
                    "party_id": parties[n % len(parties)],
                    "wallet_id": n,
                    "active": True,
                    "daily_limit": 10**9,
                    "spent": 0,
                }
                for n, name in zip(numbers, facts["links"], strict=True)
            ],
        )
        session.execute(
            insert(Lot),
            [
                {
                    "wallet_id": n,
                    "issuer_id": parties[(n + k) % len(parties)],
                    "expires_on": today + timedelta(days=100 * k),
                    "available": OPENING,
                }
                for n in numbers
                for k in (1, 2, 3)
            ],
        )


FAULTS = {
    "a wallet is not the sum of its lots": """
        SELECT count(*) FROM wallet w WHERE available <>
            (SELECT sum(available) FROM lot WHERE wallet_id = w.id)""",
    "points were made or lost": f"""
        SELECT ((SELECT sum(available) FROM lot) + (SELECT coalesce(sum(points), 0) FROM posting)
            <> (SELECT {3 * OPENING} * count(*) FROM wallet))::integer""",
    "a journal is not the sum of its postings": """
        SELECT count(*) FROM journal j WHERE points IS DISTINCT FROM
            (SELECT sum(points) FROM posting WHERE journal_id = j.id)""",
    "a journal without a claim of its own": """
        SELECT abs((SELECT count(*) FROM journal)
            - (SELECT count(*) FROM claim WHERE status = 201))""",
}


def check(engine: Engine) -> dict[str, Any]:
    """How many redemptions there are, and what is wrong with the books: {name: how many}."""
    with engine.connect() as connection:
        found = {name: connection.scalar(text(query)) for name, query in FAULTS.items()}
        return {
            "transfers": connection.scalar(text("SELECT count(*) FROM journal")),
            "faults": {name: int(count) for name, count in found.items() if count},
        }


if __name__ == "__main__":
    its_engine = engine_of(os.environ["PEER_URL"])
    if sys.argv[1:] == ["fill"]:
        fill(its_engine, json.load(sys.stdin))
    elif sys.argv[1:] == ["check"]:
        print(json.dumps(check(its_engine)))
    else:
        sys.exit("usage: ordinary fill|check")
