"""The tables of settlement: what a closed window came to, and who pays whom."""

from datetime import date
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from exchange.models import Big, Moment, Word, Zero
from kit.database import Base

SCHEMA = {"schema": "settlement"}


def _of_settlement(name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["window_id"], ["settlement.settlement.window_id"], name=name)


def _of_revision(name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["window_id", "revision"],
        ["settlement.revision.window_id", "settlement.revision.number"],
        name=name,
    )


class FxRate(Base):
    """One unit of `base` in `quote`, as a ratio of whole numbers, from a day on."""

    __tablename__ = "fx_rate"
    __table_args__ = (
        PrimaryKeyConstraint("base", "quote", "valid_from", name="fx_rate_pk"),
        CheckConstraint("numerator > 0 AND denominator > 0", name="fx_rate_is_positive"),
        SCHEMA,
    )

    base: Mapped[Word]
    quote: Mapped[Word]
    valid_from: Mapped[date]
    numerator: Mapped[Big]
    denominator: Mapped[Big]


class Settlement(Base):
    """How far the money of one window has come, who took it there, and on which days it is due."""

    __tablename__ = "settlement"
    __table_args__ = (
        PrimaryKeyConstraint("window_id", name="settlement_pk"),
        ForeignKeyConstraint(["window_id"], ["exchange.window.id"], name="settlement_window_fk"),
        CheckConstraint(
            "state IN ('closing', 'closed', 'approved', 'paying', 'settled', 'aborted')",
            name="settlement_state_known",
        ),
        CheckConstraint("route IN ('hub', 'direct')", name="settlement_route_known"),
        CheckConstraint(
            "(state = 'closing') = (revision = 0)", name="settlement_has_figures_once_closed"
        ),
        CheckConstraint("approved_by <> closed_by", name="settlement_approved_by_another"),
        ForeignKeyConstraint(["approval"], ["staff.proposal.id"], name="settlement_approval_fk"),
        ForeignKeyConstraint(["payment"], ["staff.proposal.id"], name="settlement_payment_fk"),
        SCHEMA,
    )

    window_id: Mapped[int]
    state: Mapped[Word]
    revision: Mapped[int] = mapped_column(server_default=text("0"))
    currency: Mapped[Word]
    route: Mapped[Word]
    advice_on: Mapped[date]
    call_on: Mapped[date]
    disputes_until: Mapped[date]
    closed_at: Mapped[Moment]
    closed_by: Mapped[Word]
    approved_at: Mapped[Moment | None]
    approved_by: Mapped[Word | None]
    paid_at: Mapped[Moment | None]
    paid_by: Mapped[Word | None]
    settled_at: Mapped[Moment | None]
    settled_by: Mapped[Word | None]
    settled_regardless: Mapped[UUID | None]
    aborted_at: Mapped[Moment | None]
    aborted_by: Mapped[Word | None]
    approval: Mapped[UUID | None]
    payment: Mapped[UUID | None]
    paid_revision: Mapped[int | None]


class Revision(Base):
    """A window's figures as they were worked out, and why they were worked out again."""

    __tablename__ = "revision"
    __table_args__ = (
        PrimaryKeyConstraint("window_id", "number", name="revision_pk"),
        _of_settlement("revision_settlement_fk"),
        CheckConstraint(
            "reason IN ('closing', 'dispute', 'without', 'covered')", name="revision_reason_known"
        ),
        CheckConstraint(
            "(number = 1) = (reason = 'closing')", name="revision_first_is_the_closing"
        ),
        SCHEMA,
    )

    window_id: Mapped[int]
    number: Mapped[int]
    reason: Mapped[Word]
    because: Mapped[UUID | None]
    made_by: Mapped[Word]
    made_at: Mapped[Moment]


class Moved(Base):
    """A closed window's points that moved alike: what every figure of it is worked out from."""

    __tablename__ = "moved"
    __table_args__ = (
        PrimaryKeyConstraint(
            *("window_id", "kind", "issuer", "acceptor"),
            *("issue_terms", "valued_terms", "acceptor_terms"),
            name="moved_pk",
        ),
        _of_settlement("moved_settlement_fk"),
        CheckConstraint("points > 0", name="moved_points_positive"),
        SCHEMA,
    )

    window_id: Mapped[int]
    kind: Mapped[Word]
    issuer: Mapped[int]
    acceptor: Mapped[int]
    issue_terms: Mapped[int]
    valued_terms: Mapped[int]
    acceptor_terms: Mapped[int]
    points: Mapped[Big]


class Deferral(Base):
    """What a window's settlement leaves out, and the later one that it belongs to instead."""

    __tablename__ = "deferral"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="deferral_pk"),
        ForeignKeyConstraint(["window_id"], ["exchange.window.id"], name="deferral_window_fk"),
        ForeignKeyConstraint(
            ["settled_window_id"],
            ["settlement.settlement.window_id"],
            name="deferral_settled_window_fk",
        ),
        CheckConstraint(
            "(kind = 'line' AND journal_id IS NOT NULL AND issuer_id IS NOT NULL"
            " AND party_id IS NULL)"
            " OR (kind = 'party' AND party_id IS NOT NULL AND journal_id IS NULL"
            " AND issuer_id IS NULL)"
            " OR (kind = 'window' AND party_id IS NULL AND journal_id IS NULL"
            " AND issuer_id IS NULL)",
            name="deferral_is_of_something",
        ),
        CheckConstraint(
            "settled_window_id IS NULL OR released_at IS NOT NULL",
            name="deferral_settled_once_released",
        ),
        UniqueConstraint("journal_id", "issuer_id", name="deferral_line_once"),
        Index(
            *("deferral_party_once", "window_id", "party_id"),
            unique=True,
            postgresql_where=text("kind = 'party'"),
        ),
        Index(
            *("deferral_window_once", "window_id"),
            unique=True,
            postgresql_where=text("kind = 'window'"),
        ),
        Index("deferral_by_window", "window_id"),
        Index("deferral_by_settled_window", "settled_window_id"),
        SCHEMA,
    )

    id: Mapped[UUID]
    window_id: Mapped[int]
    kind: Mapped[Word]
    journal_id: Mapped[UUID | None]
    issuer_id: Mapped[int | None]
    party_id: Mapped[int | None]
    because: Mapped[UUID]
    at: Mapped[Moment]
    revision: Mapped[int | None]
    released_at: Mapped[Moment | None]
    settled_window_id: Mapped[int | None]


class Obligation(Base):
    """What one party owes another for a window, gross, in minor units of the window's currency."""

    __tablename__ = "obligation"
    __table_args__ = (
        PrimaryKeyConstraint(
            "window_id", "revision", "debtor", "creditor", "kind", name="obligation_pk"
        ),
        _of_revision("obligation_revision_fk"),
        ForeignKeyConstraint(["debtor"], ["exchange.party.id"], name="obligation_debtor_fk"),
        ForeignKeyConstraint(["creditor"], ["exchange.party.id"], name="obligation_creditor_fk"),
        CheckConstraint("debtor <> creditor", name="obligation_is_to_another"),
        CheckConstraint(
            "kind IN ('spent', 'spread', 'fee', 'prefunded', 'breakage')",
            name="obligation_kind_known",
        ),
        SCHEMA,
    )

    window_id: Mapped[int]
    revision: Mapped[int]
    debtor: Mapped[int]
    creditor: Mapped[int]
    kind: Mapped[Word]
    points: Mapped[Big]
    amount: Mapped[Big]


class Position(Base):
    """What a party pays or receives for a window after netting, and in its own currency."""

    __tablename__ = "position"
    __table_args__ = (
        PrimaryKeyConstraint("window_id", "revision", "party_id", name="position_pk"),
        _of_revision("position_revision_fk"),
        ForeignKeyConstraint(["party_id"], ["exchange.party.id"], name="position_party_fk"),
        CheckConstraint("net = receives - pays + cover", name="position_adds_up"),
        SCHEMA,
    )

    window_id: Mapped[int]
    revision: Mapped[int]
    party_id: Mapped[int]
    receives: Mapped[Big]
    pays: Mapped[Big]
    cover: Mapped[Zero]
    net: Mapped[Big]
    currency: Mapped[Word]
    fx_numerator: Mapped[Big]
    fx_denominator: Mapped[Big]
    settles: Mapped[Big]


class Payment(Base):
    """One payment of those that settle a window's net positions."""

    __tablename__ = "payment"
    __table_args__ = (
        PrimaryKeyConstraint("window_id", "revision", "number", name="payment_pk"),
        _of_revision("payment_revision_fk"),
        ForeignKeyConstraint(["payer"], ["exchange.party.id"], name="payment_payer_fk"),
        ForeignKeyConstraint(["payee"], ["exchange.party.id"], name="payment_payee_fk"),
        CheckConstraint("amount > 0", name="payment_amount_positive"),
        CheckConstraint("payer <> payee", name="payment_is_to_another"),
        SCHEMA,
    )

    window_id: Mapped[int]
    revision: Mapped[int]
    number: Mapped[int]
    payer: Mapped[int]
    payee: Mapped[int]
    amount: Mapped[Big]


class Statement(Base):
    """The signed, numbered document of one partner for one window, byte for byte as issued."""

    __tablename__ = "statement"
    __table_args__ = (
        PrimaryKeyConstraint("number", name="statement_pk"),
        _of_revision("statement_revision_fk"),
        ForeignKeyConstraint(["party_id"], ["exchange.party.id"], name="statement_party_fk"),
        UniqueConstraint("party_id", "window_id", "revision", name="statement_once"),
        SCHEMA,
    )

    number: Mapped[Word]
    window_id: Mapped[int]
    revision: Mapped[int]
    party_id: Mapped[int]
    document: Mapped[bytes]
    csv: Mapped[bytes]
    digest: Mapped[bytes]
    key_id: Mapped[Word]
    signature: Mapped[bytes]
    issued_at: Mapped[Moment]


class Movement(Base):
    """The open window's points that moved alike, so far (see `settlement.rollup`)."""

    __tablename__ = "movement"
    __table_args__ = (
        PrimaryKeyConstraint(
            *("window_id", "kind", "issuer", "acceptor"),
            *("issue_terms", "valued_terms", "acceptor_terms"),
            name="movement_pk",
        ),
        SCHEMA,
    )

    window_id: Mapped[int]
    kind: Mapped[Word]
    issuer: Mapped[int]
    acceptor: Mapped[int]
    issue_terms: Mapped[int]
    valued_terms: Mapped[int]
    acceptor_terms: Mapped[int]
    points: Mapped[Big]
    issued_at: Mapped[Moment]
    valued_at: Mapped[Moment]


class Watermark(Base):
    """Up to which transaction a window's movements are summed, and under which terms."""

    __tablename__ = "watermark"
    __table_args__ = (
        PrimaryKeyConstraint("window_id", name="watermark_pk"),
        ForeignKeyConstraint(["window_id"], ["exchange.window.id"], name="watermark_window_fk"),
        SCHEMA,
    )

    window_id: Mapped[int]
    xid: Mapped[Big]
    agreed: Mapped[Word]
