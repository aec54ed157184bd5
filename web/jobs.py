"""The jobs that time brings, in PostgreSQL through procrastinate; each is safe to run twice."""

import functools
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

import procrastinate
import structlog

import exchange.store
import members.store
import settlement.rollup
import settlement.store
import staff.people.forgetting
from exchange import expiry, rollup
from kit.clock import system_clock
from kit.database import Busy, Database, conninfo
from kit.errors import Refusal
from kit.secrets import Secrets
from members.giving import gifts, news, purses
from members.notices import following
from members.notices.senders import NotDelivered, Smtp
from members.notices.sending import Post, send_notices
from members.people import forgetting
from members.trust import standing
from partners.asking import asking
from partners.brands import Registered
from partners.exchanges import driving, exchanging
from partners.exchanges import store as exchanges
from partners.exchanges.calling import Caller
from settlement import closing
from settlement.book_checks import checking
from settlement.calendar import closing_time
from settlement.disputes.overdue import lapse_overdue
from settlement.documents.keeping import make_ahead
from settlement.errors import WindowNotOpen
from settlement.finance import keeping
from settlement.reconciliation import receiving
from settlement.sealing.seal import seal
from settlement.sealing.sealer import Sealer
from staff.people import invitations
from staff.watch import faults
from staff.watch import store as watch
from web.config import Config
from web.frame.wiring import load_words
from web.invitation_mail import invitation_mail

Job = Callable[[Database, datetime], int]

LONG = ("check-all-books", "draw-books", "rate-members")  # They may take minutes.

log = structlog.get_logger("jobs")


def roll_up(database: Database, _: datetime) -> int:
    """Add what was posted since to the totals, and to the open window's movements."""
    with database.transaction() as session:
        settlement.rollup.roll_up(session)
    with database.transaction() as session:
        return rollup.roll_up(session)


def clear_away(database: Database, now: datetime) -> int:
    """Drop nonces, dead codes, tokens, quotes, sessions, approvals, old answers, old records.

    What is dropped whole needs a moment without posting. When there was none, the next run has time
    enough: partitions are made hours ahead.
    """
    with database.transaction() as session:
        members.store.forget(session, now)
    with database.transaction() as session:
        forgetting.forget(session, now)
    with database.transaction() as session:
        staff.people.forgetting.forget(session, now)
    with database.transaction() as session:
        asking.forget(session, now)
    with database.transaction() as session:
        exchanges.forget(session, now - exchanging.KEPT_FOR)
    try:
        with database.transaction() as session:
            exchange.store.forget(session, now)
    except Busy:
        log.info("job", job="clear-away", put_off="partitions")
    with database.transaction() as session:
        watch.forget(session, now - faults.KEPT)
    return receiving.clear_away(database, now)


def send_invitations(database: Database, now: datetime, settings: Config) -> int:
    """Send colleagues the links of their invitations, where the hub has a mail server; where it has
    none, whoever approved makes the link at the desk."""
    sender = settings.sender
    if not isinstance(sender, Smtp):
        return 0
    try:
        return invitations.send(
            database,
            Secrets(settings.secret),
            sender.mail,
            functools.partial(invitation_mail, settings.origin),
            now,
        )
    except NotDelivered as reason:
        log.warning("invitation-not-delivered", reason=str(reason))
        return 0


def return_gifts(database: Database, now: datetime) -> int:
    """Send back what nobody accepted in time, and end invitations that nobody took."""
    return gifts.bring_back(database, now) + news.tidy(database, now)


def finish_closings(database: Database, now: datetime, signer: Sealer) -> int:
    """Work out every window whose closing was cut short."""
    with database.transaction() as session:
        left = settlement.store.windows_in_closing(session)
    for window in left:
        try:
            closing.resume(database, window=window, now=now, signer=signer)
        except Refusal as refusal:  # One that cannot be finished must not keep back the others.
            log.error("closing", window=window, code=refusal.code, detail=refusal.detail)
    return len(left)


def close_on_time(database: Database, now: datetime, signer: Sealer, currency: str) -> int:
    """Close the open window when its cut-off has passed: once, however many it slept over."""
    with database.transaction() as session:
        due = closing_time.due(session, now)
    if due is None:
        return 0
    if due.slept_over:
        log.warning("closing-late", **asdict(due))
    try:
        closing.close(
            database,
            window=due.window,
            next_name=due.next_name,
            currency=currency,
            by="calendar",
            now=now,
            signer=signer,
        )
    except WindowNotOpen:  # Another worker, or somebody by hand, was first.
        return 0
    except Refusal as refusal:  # It waits in `closing`; `finish-closings` tries again.
        log.error("closing", window=due.window, code=refusal.code, detail=refusal.detail)
    return 1


def check_books(database: Database, now: datetime) -> int:
    """Ask what can be asked of the books in a moment; how much of it was wrong."""
    return sum(each.count > 0 for each in checking.check_quickly(database, now))


def check_all_books(database: Database, now: datetime) -> int:
    """Ask everything, which at a large hub takes minutes; how much of it was wrong."""
    return sum(each.count > 0 for each in checking.check_in_full(database, now))


def calendar(settings: Config) -> dict[str, tuple[str, Job]]:
    """Each job by name, with when it is due: minutes first, and seconds last where there are."""
    signer, currency = settings.sealer, settings.currency
    return {
        "expire-holds": ("* * * * *", lambda database, _: expiry.expire_holds(database)),
        "expire-lots": ("7 * * * *", lambda database, _: expiry.expire_lots(database)),
        "roll-up": ("* * * * * */10", roll_up),
        "seal": ("* * * * * */10", lambda database, now: seal(database, signer, now)),
        "draw-statements": ("* * * * * */10", make_ahead),
        "clear-away": ("*/5 * * * *", clear_away),
        "match-records": ("* * * * * */5", receiving.match_next),
        "finish-closings": (
            "* * * * *",
            lambda database, now: finish_closings(database, now, signer),
        ),
        "send-invitations": (
            "* * * * * */20",
            lambda database, now: send_invitations(database, now, settings),
        ),
        "return-gifts": ("* * * * *", return_gifts),
        "tell-of-gifts": ("* * * * * */10", news.announce),
        "pay-back-purses": ("23 * * * *", purses.pay_back),
        "ask-partners": (
            "* * * * * */10",
            lambda database, _: driving.ask_partners(database, _caller(settings)),
        ),
        "lapse-disputes": ("*/5 * * * *", lapse_overdue),
        "close-on-time": (
            "* * * * *",
            lambda database, now: close_on_time(database, now, signer, currency),
        ),
        "tell-members": ("* * * * * */5", following.tell_members),
        "tell-expiry": ("*/10 * * * *", following.tell_expiry),
        "drop-notices": ("41 19 * * *", following.drop_old),
        "rate-members": ("23 19 * * *", standing.rate_members),
        "check-books": ("*/5 * * * *", check_books),
        "check-all-books": ("3 18 * * *", check_all_books),
        "draw-books": (
            "* * * * * */5",
            lambda database, now: keeping.make_next(database, now, currency),
        ),
        "send-notices": (
            "* * * * * */5",
            lambda database, now: send_notices(database, now, _post(database, settings)),
        ),
    }


def _post(database: Database, settings: Config) -> Post:
    """How messages leave this hub."""
    brands = Registered(database)
    return Post(
        sender=settings.sender,
        secrets=Secrets(settings.secret),
        names=lambda: {party: brand.name for party, brand in brands.all().items()},
        origin=settings.origin,
    )


def _caller(settings: Config) -> Caller:
    """How partners are asked."""
    key = settings.key
    return Caller(key.id, key.private, settings.production, system_clock)


def run_all(database: Database, settings: Config, now: datetime) -> dict[str, int]:
    """Do every job once; how much each did."""
    load_words()
    return {name: job(database, now) for name, (_, job) in calendar(settings).items()}


def work(database: Database, settings: Config) -> None:
    """Run the jobs by their calendar until told to stop."""
    load_words()
    app = make_app(database, settings)
    with app.open():
        # Two at once: what takes minutes must not hold up what is due every ten seconds.
        app.run_worker(concurrency=2, listen_notify=True, delete_jobs="always")


def make_app(database: Database, settings: Config) -> procrastinate.App:
    """The queue with its periodic tasks, and a rescue for jobs whose worker was killed."""
    plain, arguments = conninfo(database.url)
    arguments["options"] += " -c search_path=jobs"
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=plain, kwargs=arguments)
    )
    for name, (cron, job) in calendar(settings).items():
        lock = "long" if name in LONG else name  # One of these at a time: the other half is free.
        task = app.task(name=name, queueing_lock=name, lock=lock)(_task(database, name, job))
        app.periodic(cron=cron)(task)

    @app.periodic(cron="* * * * *")
    @app.task(name="rescue", queueing_lock="rescue")
    async def rescue(timestamp: int) -> None:
        for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=60):
            await app.job_manager.retry_job(job)

    return app


def _task(database: Database, name: str, job: Job) -> Callable[[int], None]:
    def task(timestamp: int) -> None:
        started = system_clock()
        try:
            done = job(database, started)
        except Exception as error:
            with database.transaction() as session:
                watch.failed(
                    session, name, started=started, at=system_clock(), kind=type(error).__name__
                )
            raise
        with database.transaction() as session:
            watch.ran(session, name, started=started, ended=system_clock(), done=done)
        if done:
            log.info("job", job=name, done=done, scheduled=timestamp)

    return task
