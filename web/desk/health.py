"""Health: whether the hub's own work gets done, in plain words, and what to do if not."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from croniter import croniter
from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from kit.language import gettext, mark
from settlement import condition
from settlement.condition import Condition
from staff.watch import store as watch
from web import jobs
from web.desk.signed_in import signed_in
from web.desk.wiring import here

pages = Blueprint("desk_health", __name__, url_prefix="/desk")

SLACK: Final = timedelta(minutes=1)  # after its time, in which a job need not have begun
LATE_SEAL: Final = timedelta(minutes=15)
LATE_NOTICE: Final = timedelta(minutes=15)
LATE_ANSWER: Final = timedelta(hours=1)
FRESH_FAULT: Final = timedelta(hours=24)
SHOWN: Final = 10  # faults

WORDS = {
    "expire-holds": mark("End holds that ran out"),
    "expire-lots": mark("Expire points"),
    "roll-up": mark("Add up totals"),
    "seal": mark("Seal the log"),
    "draw-statements": mark("Draw statements"),
    "clear-away": mark("Clear away what is old"),
    "match-records": mark("Match partners' records"),
    "finish-closings": mark("Finish closings cut short"),
    "send-invitations": mark("Mail invitations to colleagues"),
    "return-gifts": mark("Return gifts nobody took"),
    "tell-of-gifts": mark("Tell of gifts"),
    "pay-back-purses": mark("Pay back family purses"),
    "ask-partners": mark("Ask partners about exchanges"),
    "lapse-disputes": mark("Let disputes lapse"),
    "close-on-time": mark("Close the window on time"),
    "tell-members": mark("Write notices to members"),
    "tell-expiry": mark("Tell of points that expire"),
    "drop-notices": mark("Drop old notices"),
    "rate-members": mark("Rate members' trust"),
    "check-books": mark("Check that the books balance"),
    "check-all-books": mark("Check the whole books"),
    "draw-books": mark("Draw the books' reports"),
    "send-notices": mark("Send notices"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class JobState:
    """A job as it ran last; `tone` as of a pill. `due` is when it should have run by now."""

    name: str
    words: str
    tone: str
    state: str
    ended: datetime | None
    seconds: float | None
    done: int
    due: datetime
    fault: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, in words, and what to do about it."""

    tone: str
    words: str
    todo: str


@pages.get("/health")
@signed_in()
def health() -> ResponseReturnValue:
    """How the hub is; only the figures, when a script asks for them anew."""
    now = here().clock()
    with here().database.transaction() as session:
        runs = watch.runs(session)
        faults = watch.faults(session, SHOWN)
        found = condition.look(session)
    states = [
        job_state(name, cron, runs.get(name), now)
        for name, (cron, _) in jobs.calendar(here().settings).items()
    ]
    template = (
        "desk/health_figures.html" if request.headers.get("X-Fragment") else "desk/health.html"
    )
    return render_template(
        template,
        jobs=sorted(states, key=lambda job: (job.tone != "stop", job.tone != "wait")),
        faults=faults,
        found=found,
        troubles=list(troubles(states, faults, found, now)),
        as_of=now,
    )


def job_state(name: str, cron: str, run: Any, now: datetime) -> JobState:
    """Whether a job runs as its calendar says: late when it missed a time that is a while ago."""
    due: datetime = croniter(cron, now - SLACK).get_prev(datetime)
    if run is None:  # On a new hub most of them: what is due once a day waits for its hour.
        tone, state = "neutral", gettext("Never ran")
    elif run["failed_at"] is not None and run["failed_at"] == run["ended_at"]:
        tone, state = "stop", gettext("Failed")
    elif run["started_at"] < due:
        tone, state = "wait", gettext("Late")
    else:
        tone, state = "done", gettext("On time")
    return JobState(
        name=name,
        words=gettext(WORDS[name]) if name in WORDS else name,
        tone=tone,
        state=state,
        ended=run and run["ended_at"],
        seconds=run and (run["ended_at"] - run["started_at"]).total_seconds(),
        done=run["done"] if run else 0,
        due=due,
        fault=(run and run["fault"]) or "",
    )


def troubles(
    states: list[JobState], faults: list[Any], found: Condition, now: datetime
) -> Iterator[Trouble]:
    """What needs somebody, the worst first."""
    if all(job.tone in ("neutral", "wait") for job in states):
        yield Trouble(
            "bad",
            gettext("No job runs."),
            gettext("Start the worker: bin/hub worker. Nothing is lost; it catches up."),
        )
    else:
        for job in states:
            if job.tone == "stop":
                yield Trouble(
                    "bad",
                    gettext("%(job)s failed: %(fault)s.", job=job.words, fault=job.fault),
                    gettext("It is tried again at its next time. If it fails again, see its log."),
                )
            elif job.tone == "wait":
                yield Trouble(
                    "warn",
                    gettext("%(job)s is late.", job=job.words),
                    gettext("See whether the worker runs, and whether another job keeps it."),
                )
    for window in found.closings:
        yield Trouble(
            "bad",
            gettext("The closing of %(window)s was cut short.", window=window),
            gettext(
                "It is taken up again every minute. If it stays, its window says what keeps it."
            ),
        )
    if found.sealed.behind.count and (found.sealed.at is None or now - found.sealed.at > LATE_SEAL):
        yield Trouble(
            "warn",
            gettext("%(n)s lines are not sealed.", n=found.sealed.behind.count),
            gettext("See whether the job that seals runs. Until then they have no proof."),
        )
    if found.notices.since and now - found.notices.since > LATE_NOTICE:
        yield Trouble(
            "warn",
            gettext("Messages to members wait to be sent."),
            gettext("See whether the provider of messages answers."),
        )
    for asked in found.exchanges:
        if now - asked.since > LATE_ANSWER:
            yield Trouble(
                "warn",
                gettext(
                    "Exchanges that %(name)s does not answer: %(n)s",
                    name=asked.name,
                    n=asked.count,
                ),
                gettext("Call the partner. The points stay set aside until it answers."),
            )
    fresh = [fault for fault in faults if now - fault["at"] < FRESH_FAULT]
    if fresh:
        yield Trouble(
            "warn",
            gettext("Something failed on our side within 24 hours."),
            gettext("Look for the incident in the log of the web processes."),
        )
