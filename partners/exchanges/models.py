"""The tables of `partners.exchanges`."""

from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from exchange.models import Big, Moment, Word
from kit.database import Base

SCHEMA = {"schema": "partners"}


class ExchangeEndpoint(Base):
    """Where a partner answers the hub's calls about its own points."""

    __tablename__ = "exchange_endpoint"
    __table_args__ = (
        PrimaryKeyConstraint("party_id", name="exchange_endpoint_pk"),
        ForeignKeyConstraint(
            ["party_id"], ["exchange.party.id"], name="exchange_endpoint_party_fk"
        ),
        CheckConstraint("url ~ '^https?://[!-~]+$'", name="exchange_endpoint_is_a_url"),
        SCHEMA,
    )

    party_id: Mapped[int] = mapped_column(autoincrement=False)
    url: Mapped[Word]
    registered_at: Mapped[Moment]


class Exchange(Base):
    """A firm quote, and what became of it: it is used once because it turns into the exchange.

    An export gives `points` for `theirs`, an import `theirs` for `points`; `fee` is in points.
    `ask_at` is when the partner is asked next, `reason` why the points came back.
    """

    __tablename__ = "exchange"
    __table_args__ = (
        PrimaryKeyConstraint("id", name="exchange_pk"),
        ForeignKeyConstraint(["party_id"], ["exchange.party.id"], name="exchange_party_fk"),
        ForeignKeyConstraint(["wallet_id"], ["exchange.wallet.id"], name="exchange_wallet_fk"),
        ForeignKeyConstraint(["link_id"], ["exchange.link.id"], name="exchange_link_fk"),
        ForeignKeyConstraint(["rate_id"], ["exchange.rate.id"], name="exchange_rate_fk"),
        UniqueConstraint("hold_id", name="exchange_hold_once"),
        UniqueConstraint("journal_id", name="exchange_journal_once"),
        UniqueConstraint("undo_id", name="exchange_undo_once"),
        CheckConstraint("direction IN ('import', 'export')", name="exchange_direction_known"),
        CheckConstraint("points > 0 AND theirs > 0 AND fee >= 0", name="exchange_amounts_positive"),
        CheckConstraint(
            "state IN ('quoted', 'reserved', 'asked', 'returning', 'returned', 'done', 'undoing',"
            " 'undone')",
            name="exchange_state_known",
        ),
        CheckConstraint("(state = 'quoted') = (confirmed_at IS NULL)", name="exchange_confirmed"),
        CheckConstraint(
            "(journal_id IS NOT NULL) = (state IN ('done', 'undoing', 'undone'))",
            name="exchange_done_by_a_journal",
        ),
        CheckConstraint(
            "(ask_at IS NOT NULL) = (state IN ('reserved', 'asked', 'returning', 'undoing'))",
            name="exchange_asked_again_while_open",
        ),
        Index(
            "exchange_by_wallet",
            "wallet_id",
            text("confirmed_at DESC"),
            text("id DESC"),
            postgresql_where=text("confirmed_at IS NOT NULL"),
        ),
        Index(
            "exchange_by_party",
            "party_id",
            "id",
            postgresql_where=text("confirmed_at IS NOT NULL"),
        ),
        Index(
            "exchange_by_state",
            "party_id",
            "state",
            "id",
            postgresql_where=text("confirmed_at IS NOT NULL"),
        ),
        Index(
            "exchange_by_rate",
            "rate_id",
            "confirmed_at",
            postgresql_where=text("confirmed_at IS NOT NULL"),
        ),
        Index("exchange_to_ask", "ask_at", postgresql_where=text("ask_at IS NOT NULL")),
        Index("exchange_quoted", "expires_at", postgresql_where=text("confirmed_at IS NULL")),
        SCHEMA,
    )

    id: Mapped[UUID]
    party_id: Mapped[int]
    wallet_id: Mapped[Big]
    link_id: Mapped[UUID]
    direction: Mapped[Word]
    rate_id: Mapped[int]
    points: Mapped[Big]
    theirs: Mapped[Big]
    fee: Mapped[Big]
    quoted_at: Mapped[Moment]
    expires_at: Mapped[Moment]
    state: Mapped[str] = mapped_column(Text, server_default=text("'quoted'"))
    confirmed_at: Mapped[Moment | None]
    hold_id: Mapped[UUID | None]
    journal_id: Mapped[UUID | None]
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    first_asked_at: Mapped[Moment | None]
    last_asked_at: Mapped[Moment | None]
    ask_at: Mapped[Moment | None]
    reason: Mapped[Word | None]
    done_at: Mapped[Moment | None]
    undo_until: Mapped[Moment | None]
    undo_asked_at: Mapped[Moment | None]
    undo_refused: Mapped[Word | None]
    undo_id: Mapped[UUID | None]
    ended_at: Mapped[Moment | None]
