"""The tables of the books, as the migrations make them (migrations/sql/0001_tables.sql).

Made for reading and for the rare writes around the books; points move through `exchange.ledger`.
"""

from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKeyConstraint,
    Identity,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from kit.database import Base

Word = Annotated[str, mapped_column(Text)]
Big = Annotated[int, mapped_column(BigInteger)]  # points, minor units, and ids of large tables
Zero = Annotated[int, mapped_column(BigInteger, server_default=text("0"))]
Moment = Annotated[datetime, mapped_column(TIMESTAMP(timezone=True))]
Period = Annotated[Range[datetime], mapped_column(TSTZRANGE)]
Facts = Annotated[dict[str, Any], mapped_column(JSONB(none_as_null=True))]
Xid = Annotated[
    int, mapped_column(BigInteger, server_default=text("(pg_current_xact_id()::text::bigint)"))
]
Numbered = Annotated[int, mapped_column(Identity(always=True))]
BigNumbered = Annotated[int, mapped_column(BigInteger, Identity(always=True))]
True_ = Annotated[bool, mapped_column(server_default=text("true"))]
False_ = Annotated[bool, mapped_column(server_default=text("false"))]

SCHEMA = {"schema": "exchange"}


class Setting(Base):
    """What the hub decided for everybody, in the one row of this table."""

    __tablename__ = "setting"
    __table_args__ = (
        PrimaryKeyConstraint("one", name="setting_pk"),
        CheckConstraint("one", name="setting_is_one_row"),
        CheckConstraint("refund_grace_days >= 0", name="setting_grace_not_negative"),
        SCHEMA,
    )

    one: Mapped[True_]
    zone: Mapped[str] = mapped_column(Text, server_default=text("'UTC'"))
    till_hold: Mapped[timedelta] = mapped_column(server_default=text("'15 minutes'"))
    online_hold: Mapped[timedelta] = mapped_column(server_default=text("'7 days'"))
    refund_grace_days: Mapped[int] = mapped_column(server_default=text("30"))
    code_failures_a_minute: Mapped[int] = mapped_column(server_default=text("20"))


class Window(Base):
    """A settlement period; the open one takes every journal."""

    __tablename__ = "window"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="window_pk"),
        UniqueConstraint("name", name="window_name_once"),
        CheckConstraint("closed_at >= opened_at", name="window_closes_after_it_opens"),
        Index(
            "window_one_is_open",
            text("(true)"),
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        SCHEMA,
    )

    id: Mapped[Numbered]
    name: Mapped[Word]
    opened_at: Mapped[Moment]
    closed_at: Mapped[Moment | None]


class Account(Base):
    """What a posting debits or credits: a wallet, or one of the four accounts of a party."""

    __tablename__ = "account"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="account_pk"),
        CheckConstraint(
            "kind IN ('wallet', 'issuing', 'accepting', 'breakage', 'receivable')",
            name="account_kind_known",
        ),
        CheckConstraint("(kind = 'wallet') = (party_id IS NULL)", name="account_belongs"),
        UniqueConstraint("party_id", "kind", name="account_party_once"),
        SCHEMA,
    )

    id: Mapped[BigNumbered]
    kind: Mapped[Word]
    party_id: Mapped[int | None]


class Party(Base):
    """Who issues and accepts. The books know a partner by this number alone."""

    __tablename__ = "party"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="party_pk"),
        CheckConstraint("kind IN ('partner', 'hub', 'float')", name="party_kind_known"),
        CheckConstraint("state IN ('open', 'suspended', 'closed')", name="party_state_known"),
        SCHEMA,
    )

    id: Mapped[Numbered]
    kind: Mapped[str] = mapped_column(Text, server_default=text("'partner'"))
    state: Mapped[str] = mapped_column(Text, server_default=text("'open'"))
    issuing_account: Mapped[Big]
    accepting_account: Mapped[Big]
    breakage_account: Mapped[Big]
    receivable_account: Mapped[Big]


class Exposure(Base):
    """What an issuer stands for, in points and in money; only issuing waits for this row."""

    __tablename__ = "exposure"
    __table_args__ = (
        PrimaryKeyConstraint("party_id", name="exposure_pk"),
        ForeignKeyConstraint(["party_id"], ["exchange.party.id"], name="exposure_party_fk"),
        CheckConstraint("cap >= 0", name="exposure_cap_not_negative"),
        CheckConstraint("price >= 0", name="exposure_price_not_negative"),
        SCHEMA,
    )

    party_id: Mapped[int]
    points: Mapped[Zero]
    owed: Mapped[Zero]
    price: Mapped[Zero]
    cap: Mapped[Big | None]


class ExposureRelease(Base):
    """What the closing of a window moved, for one issuer, from points into money."""

    __tablename__ = "exposure_release"
    __table_args__ = (
        PrimaryKeyConstraint("window_id", "party_id", name="exposure_release_pk"),
        ForeignKeyConstraint(
            ["window_id"], ["exchange.window.id"], name="exposure_release_window_fk"
        ),
        ForeignKeyConstraint(["party_id"], ["exchange.party.id"], name="exposure_release_party_fk"),
        SCHEMA,
    )

    window_id: Mapped[int]
    party_id: Mapped[int]
    points: Mapped[Big]
    owed: Mapped[Big]
    settled_at: Mapped[Moment | None]


class Wallet(Base):
    """A member's points in sum; its id is that of its account."""

    __tablename__ = "wallet"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="wallet_pk"),
        ForeignKeyConstraint(["id"], ["exchange.account.id"], name="wallet_account_fk"),
        CheckConstraint("available >= 0", name="wallet_available_not_negative"),
        CheckConstraint("held >= 0", name="wallet_held_not_negative"),
        CheckConstraint(
            "unapproved >= 0 AND unapproved_limit >= 0", name="wallet_unapproved_not_negative"
        ),
        SCHEMA,
    )

    id: Mapped[int] = mapped_column(BigInteger, autoincrement=False)
    available: Mapped[Zero]
    held: Mapped[Zero]
    frozen: Mapped[False_]
    unapproved_limit: Mapped[Big | None]
    unapproved_on: Mapped[date | None]
    unapproved: Mapped[Zero]
    opened_at: Mapped[Moment]


class Lot(Base):
    """The points of one wallet with the same issuer, expiry and terms of issue: who pays, until
    when, and how."""

    __tablename__ = "lot"
    __table_args__ = (
        PrimaryKeyConstraint("wallet_id", "id", name="lot_pk"),
        UniqueConstraint(
            "wallet_id", "expires_on", "issuer_id", "spendable_from", "terms", name="lot_once"
        ),
        CheckConstraint("available >= 0", name="lot_available_not_negative"),
        CheckConstraint("held >= 0", name="lot_held_not_negative"),
        Index("lot_live", "wallet_id", "expires_on", "id", postgresql_where=text("live")),
        Index("lot_by_expiry", "expires_on", postgresql_where=text("live")),
        SCHEMA,
    )

    id: Mapped[BigNumbered]
    wallet_id: Mapped[Big]
    issuer_id: Mapped[int]
    expires_on: Mapped[date]
    spendable_from: Mapped[date] = mapped_column(server_default=text("'2000-01-01'"))
    terms: Mapped[int] = mapped_column(server_default=text("0"))
    available: Mapped[Big]
    held: Mapped[Zero]
    opened_at: Mapped[Moment]
    live: Mapped[bool | None] = mapped_column(Computed("available > 0 OR held > 0", persisted=True))


class Receivable(Base):
    """What a member owes an issuer after a clawback of points already spent."""

    __tablename__ = "receivable"
    __table_args__ = (
        PrimaryKeyConstraint("wallet_id", "issuer_id", name="receivable_pk"),
        ForeignKeyConstraint(["wallet_id"], ["exchange.wallet.id"], name="receivable_wallet_fk"),
        CheckConstraint("points >= 0", name="receivable_not_negative"),
        SCHEMA,
    )

    wallet_id: Mapped[Big]
    issuer_id: Mapped[int]
    points: Mapped[Big]


class Link(Base):
    """A party's own name for a wallet, and what the member lets it do there."""

    __tablename__ = "link"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="link_pk"),
        ForeignKeyConstraint(["party_id"], ["exchange.party.id"], name="link_party_fk"),
        ForeignKeyConstraint(["wallet_id"], ["exchange.wallet.id"], name="link_wallet_fk"),
        UniqueConstraint("party_id", "wallet_id", name="link_once"),
        CheckConstraint("daily_limit >= 0", name="link_daily_limit_not_negative"),
        CheckConstraint("spent >= 0", name="link_spent_not_negative"),
        SCHEMA,
    )

    id: Mapped[UUID]
    party_id: Mapped[int]
    wallet_id: Mapped[Big]
    active: Mapped[True_]
    shares_balance: Mapped[False_]
    answers: Mapped[True_]
    daily_limit: Mapped[Zero]
    spent_on: Mapped[date | None]
    spent: Mapped[Zero]
    linked_at: Mapped[Moment]
    changed_at: Mapped[Moment | None]


class PaymentCode(Base):
    """A member's consent to one payment, shown at a till; only its digest is kept."""

    __tablename__ = "payment_code"
    __table_args__ = (
        PrimaryKeyConstraint("digest", name="payment_code_pk"),
        ForeignKeyConstraint(["wallet_id"], ["exchange.wallet.id"], name="payment_code_wallet_fk"),
        CheckConstraint("max_points > 0", name="payment_code_max_positive"),
        CheckConstraint(
            "(used_at IS NULL) = (used_by IS NULL)", name="payment_code_used_by_somebody"
        ),
        CheckConstraint(
            "(used_at IS NULL) = (used_for IS NULL) AND (used_at IS NULL) = (points IS NULL)",
            name="payment_code_used_for_something",
        ),
        CheckConstraint("points <= max_points", name="payment_code_within_its_limit"),
        Index("payment_code_by_expiry", "expires_at"),
        Index("payment_code_by_wallet", "wallet_id", "spender"),
        SCHEMA,
    )

    digest: Mapped[bytes]
    wallet_id: Mapped[Big]
    max_points: Mapped[Big]
    party_id: Mapped[int | None]
    asked_by: Mapped[int | None]
    expires_at: Mapped[Moment]
    used_at: Mapped[Moment | None]
    used_by: Mapped[int | None]
    used_for: Mapped[UUID | None]
    points: Mapped[Big | None]
    spender: Mapped[UUID | None]


class CodeFailure(Base):
    """How often a party showed an invalid payment code in one minute."""

    __tablename__ = "code_failure"
    __table_args__ = (
        PrimaryKeyConstraint("party_id", "minute", name="code_failure_pk"),
        SCHEMA,
    )

    party_id: Mapped[int]
    minute: Mapped[Moment]
    failures: Mapped[int]


class Rate(Base):
    """`theirs` of a partner's points for `ours`, in a period that no other rate overlaps."""

    __tablename__ = "rate"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="rate_pk"),
        ForeignKeyConstraint(["party_id"], ["exchange.party.id"], name="rate_party_fk"),
        CheckConstraint("direction IN ('import', 'export')", name="rate_direction_known"),
        CheckConstraint("theirs > 0 AND ours > 0", name="rate_is_positive"),
        CheckConstraint("minimum > 0 AND step > 0 AND daily_cap > 0", name="rate_amounts_positive"),
        CheckConstraint("fee_ppm >= 0 AND fee_ppm < 1000000", name="rate_fee_is_a_share"),
        CheckConstraint("undo_days BETWEEN 0 AND 366", name="rate_undo_days_not_negative"),
        CheckConstraint("NOT isempty(valid)", name="rate_period_not_empty"),
        ExcludeConstraint(
            ("party_id", "="),
            ("direction", "="),
            ("valid", "&&"),
            using="gist",
            name="rate_periods_do_not_overlap",
        ),
        SCHEMA,
    )

    id: Mapped[Numbered]
    party_id: Mapped[int]
    direction: Mapped[Word]
    theirs: Mapped[Big]
    ours: Mapped[Big]
    minimum: Mapped[Big]
    step: Mapped[Big]
    daily_cap: Mapped[Big | None]
    fee_ppm: Mapped[int]
    undo_days: Mapped[int] = mapped_column(server_default=text("0"))
    valid: Mapped[Period]


class RateUse(Base):
    """How much was converted at a rate on one day, for its daily cap."""

    __tablename__ = "rate_use"
    __table_args__ = (
        PrimaryKeyConstraint("rate_id", "day", name="rate_use_pk"),
        ForeignKeyConstraint(["rate_id"], ["exchange.rate.id"], name="rate_use_rate_fk"),
        SCHEMA,
    )

    rate_id: Mapped[int]
    day: Mapped[date]
    theirs: Mapped[Big]


class OutsideRate(Base):
    """A conversion that others offer: `gives` of one kind of value for `gets` of another.

    A kind is a party's own points, money by its ISO code, or, with neither, the shared points.
    """

    __tablename__ = "outside_rate"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="outside_rate_pk"),
        ForeignKeyConstraint(
            ["source_party"], ["exchange.party.id"], name="outside_rate_source_fk"
        ),
        ForeignKeyConstraint(
            ["target_party"], ["exchange.party.id"], name="outside_rate_target_fk"
        ),
        CheckConstraint(
            "num_nonnulls(source_party, source_money) <= 1"
            " AND num_nonnulls(target_party, target_money) <= 1",
            name="outside_rate_of_one_kind_to_one",
        ),
        CheckConstraint(
            "(source_party, source_money) IS DISTINCT FROM (target_party, target_money)",
            name="outside_rate_to_another",
        ),
        CheckConstraint(
            "source_money ~ '^[A-Z]{3}$' AND target_money ~ '^[A-Z]{3}$'",
            name="outside_rate_money_is_iso",
        ),
        CheckConstraint("gives > 0 AND gets > 0", name="outside_rate_is_positive"),
        CheckConstraint("minimum > 0 AND step > 0", name="outside_rate_amounts_positive"),
        CheckConstraint("NOT isempty(valid)", name="outside_rate_period_not_empty"),
        SCHEMA,
    )

    id: Mapped[Numbered]
    source_party: Mapped[int | None]
    source_money: Mapped[str | None] = mapped_column(Text)
    target_party: Mapped[int | None]
    target_money: Mapped[str | None] = mapped_column(Text)
    gives: Mapped[Big]
    gets: Mapped[Big]
    minimum: Mapped[Big]
    step: Mapped[Big]
    valid: Mapped[Period]


class Quote(Base):
    """A firm price for one import, usable once (`used_by` is the journal that used it)."""

    __tablename__ = "quote"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="quote_pk"),
        ForeignKeyConstraint(["link_id"], ["exchange.link.id"], name="quote_link_fk"),
        ForeignKeyConstraint(["rate_id"], ["exchange.rate.id"], name="quote_rate_fk"),
        CheckConstraint("theirs > 0 AND points > 0 AND fee >= 0", name="quote_amounts_positive"),
        SCHEMA,
    )

    id: Mapped[UUID]
    party_id: Mapped[int]
    link_id: Mapped[UUID]
    rate_id: Mapped[int]
    theirs: Mapped[Big]
    points: Mapped[Big]
    fee: Mapped[Big]
    quoted_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    used_by: Mapped[UUID | None]


class Journal(Base):
    """One business event in the books, in one window for ever. Inserted, never changed."""

    __tablename__ = "journal"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="journal_pk"),
        CheckConstraint(
            "kind IN ('accrual', 'import', 'redemption', 'capture', 'refund', 'clawback', "
            "'expiry', 'transfer', 'adjustment')",
            name="journal_kind_known",
        ),
        CheckConstraint("points > 0", name="journal_points_positive"),
        CheckConstraint(
            "(undoes IS NOT NULL) = (kind IN ('refund', 'clawback'))",
            name="journal_undoes_what_can_be_undone",
        ),
        CheckConstraint(
            "kind <> 'adjustment' OR approval_id IS NOT NULL", name="journal_adjustment_is_approved"
        ),
        CheckConstraint(
            "(to_wallet_id IS NOT NULL) = (kind = 'transfer')",
            name="journal_transfer_goes_somewhere",
        ),
        UniqueConstraint("party_id", "kind", "reference", name="journal_reference_once"),
        Index(
            "journal_approval_once",
            "approval_id",
            unique=True,
            postgresql_where=text("approval_id IS NOT NULL"),
        ),
        Index("journal_by_party", "party_id", "kind", "id"),
        Index(
            "journal_by_wallet",
            "wallet_id",
            "kind",
            "at",
            "id",
            postgresql_include=["party_id"],
        ),
        Index(
            "journal_by_receiver",
            "to_wallet_id",
            "at",
            "id",
            postgresql_where=text("to_wallet_id IS NOT NULL"),
        ),
        Index(
            "journal_of_the_hub_once",
            "kind",
            "reference",
            unique=True,
            postgresql_where=text("party_id IS NULL AND reference IS NOT NULL"),
        ),
        Index("journal_by_undone", "undoes", postgresql_where=text("undoes IS NOT NULL")),
        SCHEMA,
    )

    id: Mapped[UUID]
    window_id: Mapped[int]
    kind: Mapped[Word]
    party_id: Mapped[int | None]
    wallet_id: Mapped[Big]
    to_wallet_id: Mapped[Big | None]
    points: Mapped[Big]
    reference: Mapped[Word | None]
    request_key: Mapped[Word | None]
    undoes: Mapped[UUID | None]
    hold_id: Mapped[UUID | None]
    rate_id: Mapped[int | None]
    theirs: Mapped[Big | None]
    fee: Mapped[Big | None]
    approval_id: Mapped[UUID | None]
    note: Mapped[Word | None]
    occurred_at: Mapped[Moment | None]
    at: Mapped[Moment]
    xid: Mapped[Xid]


class Posting(Base):
    """One balanced movement of a journal: points out of `debit`, into `credit`."""

    __tablename__ = "posting"
    __table_args__ = (
        PrimaryKeyConstraint("journal_id", "line", name="posting_pk"),
        CheckConstraint("points > 0", name="posting_points_positive"),
        CheckConstraint("debit <> credit", name="posting_moves"),
        CheckConstraint(
            "movement IN ('issued', 'spent', 'refunded', 'clawed_back', 'expired', 'moved', "
            "'owed_back', 'repaid', 'forgiven')",
            name="posting_movement_known",
        ),
        Index(
            "posting_brin",
            "window_id",
            "xid",
            postgresql_using="brin",
            postgresql_with={"pages_per_range": 128, "autosummarize": "on"},
        ),
        SCHEMA,
    )

    journal_id: Mapped[UUID]
    line: Mapped[int] = mapped_column(SmallInteger)
    window_id: Mapped[int]
    movement: Mapped[Word]
    party_id: Mapped[int | None]
    debit: Mapped[Big]
    credit: Mapped[Big]
    points: Mapped[Big]
    issuer_id: Mapped[int]
    expires_on: Mapped[date | None]
    lot_id: Mapped[Big | None]
    to_lot_id: Mapped[Big | None]
    undoes_line: Mapped[int | None] = mapped_column(SmallInteger)
    issued_at: Mapped[Moment]
    valued_at: Mapped[Moment]
    xid: Mapped[Xid]


class Undone(Base):
    """How much of a redemption or an accrual has been undone."""

    __tablename__ = "undone"
    __table_args__ = (
        PrimaryKeyConstraint("journal_id", name="undone_pk"),
        ForeignKeyConstraint(["journal_id"], ["exchange.journal.id"], name="undone_journal_fk"),
        CheckConstraint("undone BETWEEN 0 AND points", name="undone_not_more_than_done"),
        SCHEMA,
    )

    journal_id: Mapped[UUID]
    points: Mapped[Big]
    undone: Mapped[Zero]


class Hold(Base):
    """An authorisation: points reserved for one sale, until it ends in one of three ways."""

    __tablename__ = "hold"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="hold_pk"),
        CheckConstraint("points > 0", name="hold_points_positive"),
        CheckConstraint(
            "state IN ('held', 'captured', 'voided', 'expired')", name="hold_state_known"
        ),
        CheckConstraint(
            "(state = 'held' AND captured = 0 AND released = 0 AND ended_at IS NULL) "
            "OR (state <> 'held' AND captured + released = points AND ended_at IS NOT NULL)",
            name="hold_adds_up",
        ),
        CheckConstraint(
            "(state = 'captured') = (captured > 0)", name="hold_captured_only_when_captured"
        ),
        CheckConstraint("released >= 0", name="hold_released_not_negative"),
        UniqueConstraint("party_id", "reference", name="hold_reference_once"),
        Index("hold_open_by_expiry", "expires_at", postgresql_where=text("state = 'held'")),
        Index(
            "hold_open_by_wallet",
            "wallet_id",
            "held_at",
            "id",
            postgresql_where=text("state = 'held'"),
        ),
        SCHEMA,
    )

    id: Mapped[UUID]
    party_id: Mapped[int]
    wallet_id: Mapped[Big]
    points: Mapped[Big]
    captured: Mapped[Zero]
    released: Mapped[Zero]
    state: Mapped[str] = mapped_column(Text, server_default=text("'held'"))
    firm: Mapped[False_]
    reference: Mapped[Word]
    request_key: Mapped[Word | None]
    held_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    ended_at: Mapped[Moment | None]


class HoldLot(Base):
    """How many points of which lot a hold reserves."""

    __tablename__ = "hold_lot"
    __table_args__ = (
        PrimaryKeyConstraint("hold_id", "lot_id", name="hold_lot_pk"),
        CheckConstraint("points > 0", name="hold_lot_points_positive"),
        SCHEMA,
    )

    hold_id: Mapped[UUID]
    lot_id: Mapped[Big]
    wallet_id: Mapped[Big]
    points: Mapped[Big]


class WalletMonth(Base):
    """What a wallet earned and spent in a month of the hub's calendar, as far as it was summed."""

    __tablename__ = "wallet_month"
    __table_args__ = (
        PrimaryKeyConstraint("wallet_id", "month", name="wallet_month_pk"),
        ForeignKeyConstraint(["wallet_id"], ["exchange.wallet.id"], name="wallet_month_wallet_fk"),
        SCHEMA,
    )

    wallet_id: Mapped[Big]
    month: Mapped[date]
    earned: Mapped[Zero]
    spent: Mapped[Zero]


class WalletUse(Base):
    """When a party last moved points of a wallet, as far as that was looked at."""

    __tablename__ = "wallet_use"
    __table_args__ = (
        PrimaryKeyConstraint("wallet_id", "party_id", name="wallet_use_pk"),
        ForeignKeyConstraint(["wallet_id"], ["exchange.wallet.id"], name="wallet_use_wallet_fk"),
        SCHEMA,
    )

    wallet_id: Mapped[Big]
    party_id: Mapped[int]
    last_at: Mapped[Moment]


class WalletSummed(Base):
    """Until when a wallet's months and uses are kept: by the moments of its journals."""

    __tablename__ = "wallet_summed"
    __table_args__ = (
        PrimaryKeyConstraint("wallet_id", name="wallet_summed_pk"),
        ForeignKeyConstraint(["wallet_id"], ["exchange.wallet.id"], name="wallet_summed_wallet_fk"),
        SCHEMA,
    )

    wallet_id: Mapped[int] = mapped_column(BigInteger, autoincrement=False)
    until: Mapped[Moment]


class Claim(Base):
    """The idempotency claim of a request, and the facts its answer is rendered from."""

    __tablename__ = "claim"
    __table_args__ = (
        PrimaryKeyConstraint("party_id", "key", "at", name="claim_pk"),
        {**SCHEMA, "postgresql_partition_by": "RANGE (at)"},
    )

    party_id: Mapped[int]
    key: Mapped[Word]
    fingerprint: Mapped[bytes]
    operation: Mapped[Word]
    code: Mapped[Word | None]
    facts: Mapped[Facts | None]
    evidence: Mapped[Facts | None]
    at: Mapped[Moment]


class Nonce(Base):
    """A signature seen once; a second message with it is a replay. `hour` counts from 1970."""

    __tablename__ = "nonce"
    __table_args__ = (
        PrimaryKeyConstraint("key_id", "nonce", "hour", name="nonce_pk"),
        {**SCHEMA, "postgresql_partition_by": "RANGE (hour)"},
    )

    key_id: Mapped[Word]
    nonce: Mapped[Word]
    hour: Mapped[int]


class Total(Base):
    """Postings rolled up behind the watermark (see `exchange.rollup`)."""

    __tablename__ = "total"
    __table_args__ = (
        PrimaryKeyConstraint("issuer_id", "window_id", "party_id", "movement", name="total_pk"),
        SCHEMA,
    )

    window_id: Mapped[int]
    issuer_id: Mapped[int]
    party_id: Mapped[int]
    movement: Mapped[Word]
    points: Mapped[Big]
    lines: Mapped[Big]


class Watermark(Base):
    """Every posting of a transaction before `xid` is in the totals, and none after it."""

    __tablename__ = "watermark"
    __table_args__ = (
        PrimaryKeyConstraint("one", name="watermark_pk"),
        CheckConstraint("one", name="watermark_is_one_row"),
        SCHEMA,
    )

    one: Mapped[True_]
    xid: Mapped[Big]
