"""Books for tests: parties, wallets and orders with defaults for all, so each argument matters."""

import hashlib
import time
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
from psycopg import sql
from psycopg.rows import namedtuple_row

import exchange.invariants
import members.invariants
import partners.invariants
import settlement.invariants
import staff.invariants
from exchange import ledger, rollup
from exchange.invariants import Invariant, check
from exchange.ledger import Outcome
from exchange.orders import Order
from kit.database import Database
from kit.ids import uuid7
from tests.factories import build_proposal

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
FAR = date(2099, 12, 31)  # When points expire unless a test says otherwise.
PRICE = 1_000_000  # One minor unit per point.

# Posted by the hub's own jobs and people: no signed request, so no key and no nonce.
OWN_KINDS = {"hold-expiry", "lot-expiry", "transfer", "adjustment"}
REFERENCED = {"accrual", "import", "authorisation", "redemption", "refund", "clawback"}


def every_invariant() -> list[Invariant]:
    """What must be true at any time, of all packages."""
    return [
        *exchange.invariants.INVARIANTS,
        *members.invariants.INVARIANTS,
        *partners.invariants.INVARIANTS,
        *staff.invariants.INVARIANTS,
        *settlement.invariants.INVARIANTS,
    ]


def assert_books_balance(database: Database) -> None:
    """Every invariant holds, in one snapshot."""
    with database.engine.connect() as connection:
        results = check(connection, every_invariant())
    violated = {r.name: (r.says, r.violations) for r in results if r.violations}
    assert not violated, violated


class Books:
    """What a test says to the books. Parties and wallets are their numbers, links their ids."""

    def __init__(self, database: Database, owner: psycopg.Connection) -> None:
        self.database = database
        self.owner = owner
        self._terms: dict[int, dict[str, int | None]] = {}
        self._links: dict[tuple[int, int], str] = {}
        self._count = 0
        self.window_id = self.window()

    def window(self, name: str | None = None, *, opened_at: datetime = LONG_AGO) -> int:
        """Open a window; there must be no open one (see `close_window`)."""
        return self._one(
            'INSERT INTO exchange."window" (name, opened_at) VALUES (%s, %s) RETURNING id',
            (name or f"window {self._next()}", opened_at),
        )

    def close_window(self, *, at: datetime | None = None) -> int:
        """Close the open window and open the next, as closing does; the new window's id."""
        with self.owner.transaction():
            self.owner.execute("SELECT pg_advisory_xact_lock(7209070)")
            at = self._one(
                'UPDATE exchange."window" SET closed_at = coalesce(%s, clock_timestamp()) '
                "WHERE closed_at IS NULL RETURNING closed_at",
                (at,),
            )
            self.window_id = self.window(opened_at=at)
        return self.window_id

    def party(self, *, cap: int | None = None, price: int = PRICE, state: str = "open") -> int:
        """A partner; `cap` and `price` go into its orders as its terms would."""
        party = self._one("SELECT nextval(pg_get_serial_sequence('exchange.party', 'id'))")
        accounts = [
            self._one(
                "INSERT INTO exchange.account (kind, party_id) VALUES (%s, %s) RETURNING id",
                (kind, party),
            )
            for kind in ("issuing", "accepting", "breakage", "receivable")
        ]
        self.owner.execute(
            "INSERT INTO exchange.party OVERRIDING SYSTEM VALUE VALUES "
            "(%s, 'partner', %s, %s, %s, %s, %s)",
            (party, state, *accounts),
        )
        self.owner.execute("INSERT INTO exchange.exposure (party_id) VALUES (%s)", (party,))
        self._terms[party] = {"price": price, "cap": cap}
        return party

    def wallet(
        self,
        *,
        points: int = 0,
        issuer: int | None = None,
        expires_on: date | str = FAR,
        spendable_from: date | str | None = None,
        frozen: bool = False,
    ) -> int:
        """A wallet; with `points`, issued by `issuer` or by a party of their own."""
        wallet = self._one("INSERT INTO exchange.account (kind) VALUES ('wallet') RETURNING id")
        self.owner.execute(
            "INSERT INTO exchange.wallet (id, frozen, opened_at) VALUES (%s, %s, %s)",
            (wallet, frozen, LONG_AGO),
        )
        if points:
            self.issue(
                issuer or self.party(),
                wallet,
                points,
                expires_on=str(expires_on),
                spendable_from=spendable_from and str(spendable_from),
            )
        return wallet

    def set_state(self, party: int, state: str) -> None:
        """Open, suspend or close a party."""
        self.owner.execute("UPDATE exchange.party SET state = %s WHERE id = %s", (state, party))

    def freeze(self, wallet: int, *, frozen: bool = True) -> None:
        """As its member does; `frozen=False` thaws."""
        self.owner.execute("UPDATE exchange.wallet SET frozen = %s WHERE id = %s", (frozen, wallet))

    def settings(self, **values: object) -> None:
        """Change what the hub decided for everybody."""
        for name, value in values.items():
            query = sql.SQL("UPDATE exchange.setting SET {} = %s").format(sql.Identifier(name))
            self.owner.execute(query, (value,))

    def issue(self, issuer: int, wallet: int, points: int, **fields: Any) -> str:
        """An accrual that must succeed; its journal's id."""
        order = {"link": self.link(issuer, wallet), "points": points} | fields
        return self.post("accrual", party=issuer, **order).unwrap()["id"]

    def link(
        self,
        party: int,
        wallet: int,
        *,
        daily_limit: int | None = None,
        shares_balance: bool | None = None,
        active: bool | None = None,
    ) -> str:
        """The party's name for the wallet: made with a wide mandate, then as the arguments say."""
        found = self._links.get((party, wallet))
        if found is None:
            found = self._links[party, wallet] = str(uuid4())
            self.owner.execute(
                "INSERT INTO exchange.link "
                "(id, party_id, wallet_id, daily_limit, shares_balance, linked_at) "
                "VALUES (%s, %s, %s, 1000000000, true, %s)",
                (found, party, wallet, LONG_AGO),
            )
        self.owner.execute(
            "UPDATE exchange.link SET daily_limit = coalesce(%s, daily_limit), "
            "shares_balance = coalesce(%s, shares_balance), active = coalesce(%s, active) "
            "WHERE id = %s",
            (daily_limit, shares_balance, active, found),
        )
        return found

    def payment_code(
        self,
        wallet: int,
        *,
        max_points: int = 1000,
        party: int | None = None,
        expires_at: datetime | None = None,
    ) -> str:
        """A payment code as an order names it: the hex digest. Each is shown by somebody else."""
        digest = hashlib.sha256(uuid4().bytes).digest()
        self.owner.execute(
            "INSERT INTO exchange.payment_code "
            "(digest, wallet_id, max_points, party_id, spender, expires_at) "
            "VALUES (%s, %s, %s, %s, %s, coalesce(%s, clock_timestamp() + interval '1 minute'))",
            (digest, wallet, max_points, party, uuid4(), expires_at),
        )
        return digest.hex()

    def rate(
        self,
        party: int,
        *,
        direction: str = "import",
        theirs: int = 10,
        ours: int = 3,
        minimum: int = 1,
        step: int = 1,
        daily_cap: int | None = None,
        fee_ppm: int = 0,
        valid: str = "[2020-01-01,)",
    ) -> int:
        """A rate, for imports unless said otherwise."""
        return self._one(
            "INSERT INTO exchange.rate (party_id, direction, theirs, ours, minimum, step, "
            "daily_cap, fee_ppm, valid) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) "
            "RETURNING id",
            (party, direction, theirs, ours, minimum, step, daily_cap, fee_ppm, valid),
        )

    def quote(
        self,
        link: str,
        rate: int,
        *,
        theirs: int = 100,
        points: int = 30,
        fee: int = 0,
        expires_at: datetime | None = None,
    ) -> str:
        """A quote for an import by the link's party."""
        return str(
            self._one(
                "INSERT INTO exchange.quote (id, party_id, link_id, rate_id, theirs, points, fee, "
                "quoted_at, expires_at) SELECT %s, party_id, id, %s, %s, %s, %s, clock_timestamp(),"
                " coalesce(%s, clock_timestamp() + interval '5 minutes') FROM exchange.link "
                "WHERE id = %s RETURNING id",
                (uuid4(), rate, theirs, points, fee, expires_at, link),
            )
        )

    def approval(self, **content: Any) -> str:
        """An approved proposal to adjust, as the books name it."""
        with self.database.transaction() as session:
            proposal = build_proposal(session, content=content, decided_by="somebody else")
            return str(proposal.id)

    def order(self, kind: str, **fields: Any) -> Order:
        """An order with everything filled in that the test does not name; None takes it away."""
        number = self._next()
        order: dict[str, Any] = {"kind": kind, "id": str(uuid7())}
        if kind not in OWN_KINDS:
            order |= {
                "key": f"key-{number:012d}",
                "fingerprint": f"{number:064x}",
                "key_id": "test-key",
                "nonce": f"nonce-{number:018d}",
                "signed_at": int(time.time()),
                "evidence": {},
            }
        if kind in REFERENCED:
            order["reference"] = f"reference {number}"
        if kind in ("accrual", "import") or fields.get("direction") == "credit":
            order |= {"expires_on": str(FAR), **self._terms.get(fields.get("party", 0), {})}
        if kind == "adjustment" and "approval" not in fields:
            order["approval"] = self.approval(order=number)
        order |= fields
        return {k: v for k, v in order.items() if v is not None or k == "cap"}  # type: ignore[return-value]

    def post(self, kind: str, *, moment: datetime | None = None, **fields: Any) -> Outcome:
        """Post one order (see `order`)."""
        return self.post_all([self.order(kind, **fields)], moment=moment)[0]

    def post_all(self, orders: list[Order], *, moment: datetime | None = None) -> list[Outcome]:
        """Post an array of orders in one transaction."""
        return ledger.post(self.database.hot, orders, moment=moment)

    def post_batch(self, orders: list[Order], **claim: Any) -> list[Outcome]:
        """Post the orders of one party as a part of a batch."""
        names = ("party", "key", "fingerprint", "key_id", "nonce", "signed_at", "evidence")
        whole = {name: orders[0][name] for name in names} | claim  # type: ignore[literal-required]
        lines = [{k: v for k, v in o.items() if k == "party" or k not in names} for o in orders]
        return ledger.post_batch(self.database.hot, lines, whole)  # type: ignore[arg-type]

    def balance(self, wallet: int) -> tuple[int, int]:
        """The wallet's points: available, held."""
        return self.rows("SELECT available, held FROM exchange.wallet WHERE id = %s", wallet)[0]

    def lots(self, wallet: int) -> list[Any]:
        """The wallet's lots that have points, in the order in which they are spent."""
        return self.rows(
            "SELECT * FROM exchange.lot WHERE wallet_id = %s AND available + held > 0 "
            "ORDER BY expires_on, id",
            wallet,
        )

    def postings(self, journal: str | UUID) -> list[Any]:
        """The lines of a journal."""
        return self.rows(
            "SELECT * FROM exchange.posting WHERE journal_id = %s ORDER BY line", journal
        )

    def journal(self, id_: str | UUID) -> Any:
        """A journal."""
        return self.rows("SELECT * FROM exchange.journal WHERE id = %s", id_)[0]

    def exposure(self, party: int) -> int:
        """The points that a party stands for."""
        return self._one("SELECT points FROM exchange.exposure WHERE party_id = %s", (party,))

    def owed(self, wallet: int, issuer: int) -> int:
        """What the wallet's member owes the issuer after clawbacks."""
        return sum(
            row.points
            for row in self.rows(
                "SELECT points FROM exchange.receivable WHERE wallet_id = %s AND issuer_id = %s",
                wallet,
                issuer,
            )
        )

    def roll_up(self) -> None:
        """Sum all there is; whoever is at work on this server, in any database, holds it back."""
        left = (
            "SELECT FROM exchange.posting, exchange.watermark w WHERE posting.xid >= w.xid LIMIT 1"
        )
        until = time.monotonic() + 30
        while self.rows(left):
            assert time.monotonic() < until
            with self.database.transaction() as session:
                rollup.roll_up(session)

    def rows(self, query: str, *parameters: object) -> list[Any]:
        """The rows of a query, as the owner sees them."""
        with self.owner.cursor(row_factory=namedtuple_row) as cursor:
            return cursor.execute(query, parameters).fetchall()

    def _one(self, query: str, parameters: tuple[object, ...] = ()) -> Any:
        row = self.owner.execute(query, parameters).fetchone()
        assert row is not None
        return row[0]

    def _next(self) -> int:
        self._count += 1
        return self._count
