"""The tables of settlement: what a closed window came to, and who pays whom."""

from datetime import date

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped

from exchange.models import Big, Moment, Word
from kit.database import Base

SCHEMA = {"schema": "settlement"}


def _of_settlement(name: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["window_id"], ["settlement.settlement.window_id"], name=name)


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
    """How far the money of one window has come."""

    __tablename__ = "settlement"
    __table_args__ = (
        PrimaryKeyConstraint("window_id", name="settlement_pk"),
        ForeignKeyConstraint(["window_id"], ["exchange.window.id"], name="settlement_window_fk"),
        CheckConstraint(
            "state IN ('closing', 'closed', 'approved', 'paying', 'settled', 'aborted')",
            name="settlement_state_known",
        ),
        SCHEMA,
    )

    window_id: Mapped[int]
    state: Mapped[Word]
    currency: Mapped[Word]
    closed_at: Mapped[Moment]
    approved_at: Mapped[Moment | None]
    settled_at: Mapped[Moment | None]


class Obligation(Base):
    """What one party owes another for a window, gross, in minor units of the window's currency."""

    __tablename__ = "obligation"
    __table_args__ = (
        PrimaryKeyConstraint("window_id", "debtor", "creditor", "kind", name="obligation_pk"),
        _of_settlement("obligation_settlement_fk"),
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
    debtor: Mapped[int]
    creditor: Mapped[int]
    kind: Mapped[Word]
    points: Mapped[Big]
    amount: Mapped[Big]


class Position(Base):
    """What a party pays or receives for a window after netting, and in its own currency."""

    __tablename__ = "position"
    __table_args__ = (
        PrimaryKeyConstraint("window_id", "party_id", name="position_pk"),
        _of_settlement("position_settlement_fk"),
        ForeignKeyConstraint(["party_id"], ["exchange.party.id"], name="position_party_fk"),
        CheckConstraint("net = receives - pays", name="position_adds_up"),
        SCHEMA,
    )

    window_id: Mapped[int]
    party_id: Mapped[int]
    receives: Mapped[Big]
    pays: Mapped[Big]
    net: Mapped[Big]
    currency: Mapped[Word]
    fx_numerator: Mapped[Big]
    fx_denominator: Mapped[Big]
    settles: Mapped[Big]


class Payment(Base):
    """One payment of the few that settle a window's net positions."""

    __tablename__ = "payment"
    __table_args__ = (
        PrimaryKeyConstraint("window_id", "number", name="payment_pk"),
        _of_settlement("payment_settlement_fk"),
        ForeignKeyConstraint(["payer"], ["exchange.party.id"], name="payment_payer_fk"),
        ForeignKeyConstraint(["payee"], ["exchange.party.id"], name="payment_payee_fk"),
        CheckConstraint("amount > 0", name="payment_amount_positive"),
        CheckConstraint("payer <> payee", name="payment_is_to_another"),
        SCHEMA,
    )

    window_id: Mapped[int]
    number: Mapped[int]
    payer: Mapped[int]
    payee: Mapped[int]
    amount: Mapped[Big]


class Statement(Base):
    """The signed, numbered document of one partner for one window, byte for byte as issued."""

    __tablename__ = "statement"
    __table_args__ = (
        PrimaryKeyConstraint("number", name="statement_pk"),
        _of_settlement("statement_settlement_fk"),
        ForeignKeyConstraint(["party_id"], ["exchange.party.id"], name="statement_party_fk"),
        UniqueConstraint("party_id", "window_id", name="statement_once"),
        SCHEMA,
    )

    number: Mapped[Word]
    window_id: Mapped[int]
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
