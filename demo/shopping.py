"""A household's steps as signed requests of the brands' tills and offices."""

from collections.abc import Mapping
from typing import Any

from demo.steps import Step
from demo.tally import Tally
from sdk.python.tongbao_client import Answer, Client

DAILY_MANDATE = 200_000  # All of January passes in one of the hub's days.


class NotAsPlanned(Exception):  # noqa: N818 - it is an outcome, not a mistake
    """The hub answered something else than the plan foresaw."""


class Shopping:
    """One household's dealings: the names the brands know it by, and what it got there."""

    def __init__(self, clients: Mapping[str, Client], tally: Tally) -> None:
        self._clients = clients
        self._tally = tally
        self._members: dict[str, str] = {}  # By brand: each knows the member by another name.
        self._transactions: dict[str, str] = {}  # By reference.

    def do(self, step: Step) -> None:
        """Carry out one step. Raises NotAsPlanned, UnverifiedAnswer, OutcomeUnknown."""
        getattr(self, f"_{step.kind}")(step)
        self._tally.acts[step.kind] += 1
        self._tally.acts[f"{step.kind} {step.way}"] += 1

    def _enrol(self, step: Step) -> None:
        content = {"reference": step.reference, "daily_limit": DAILY_MANDATE}
        self._members[step.brand] = self._ask(step, "/v1/members", content)["id"]

    def _link(self, step: Step) -> None:
        """The member carries a token from the first brand to the next."""
        first, member = next(iter(self._members.items()))
        token = self._ask(step, f"/v1/members/{member}/link-tokens", {}, brand=first)["token"]
        content = {"token": token, "reference": step.reference, "daily_limit": DAILY_MANDATE}
        self._members[step.brand] = self._ask(step, "/v1/members/links", content)["id"]

    def _accrual(self, step: Step) -> None:
        self._issue(step, "/v1/accruals", {"points": step.points})

    def _import(self, step: Step) -> None:
        content: dict[str, Any] = {"theirs": step.theirs}
        if step.way == "quote":
            question = {"member": self._members[step.brand], "theirs": step.theirs}
            content = {"quote": self._ask(step, "/v1/quotes", question)["id"]}
        self._issue(step, "/v1/imports", content)

    def _issue(self, step: Step, path: str, content: Mapping[str, Any]) -> None:
        content = {"member": self._members[step.brand], **_receipt(step), **content}
        key = f"{step.kind}-{step.reference}"
        got = self._ask(step, path, content, key=key)
        if step.way == "repeat":
            again = self._clients[step.brand].call("POST", path, content, idempotency_key=key)
            self._check(step, again, 201)
            if not again.replayed or again.body != got:
                raise NotAsPlanned(f"{step.reference}: the repetition was not recognised")
        if got["points"] != step.points:
            raise NotAsPlanned(f"{step.reference}: {got['points']} points, not {step.points}")
        self._transactions[step.reference] = got["id"]
        self._count(step, "issued", got["points"] - got.get("repaid", 0))

    def _spend(self, step: Step) -> None:
        payer = {"member": self._members[step.brand]}
        if step.way == "code":
            payer = self._payment_code(step)
        content = {**payer, "points": step.points}
        if step.way in ("capture", "void"):
            self._authorise(step, {**content, "reference": step.reference})
            return
        content |= _receipt(step)
        if step.way == "overdraw":
            refused = self._ask(step, "/v1/redemptions", content, status=422)
            if refused["code"] != "insufficient-points":
                raise NotAsPlanned(f"{step.reference}: refused for another reason: {refused}")
            return
        self._transactions[step.reference] = self._ask(step, "/v1/redemptions", content)["id"]
        self._count(step, "spent", step.points)

    def _payment_code(self, step: Step) -> dict[str, str]:
        """A code that the member asks for in the app of another brand: no till takes its own."""
        for brand, member in self._members.items():
            if brand != step.brand:
                path, content = f"/v1/members/{member}/payment-codes", {"max_points": step.points}
                return {"payment_code": self._ask(step, path, content, brand=brand)["code"]}
        raise NotAsPlanned(f"{step.reference}: no other brand to ask for a payment code")

    def _authorise(self, step: Step, content: Mapping[str, Any]) -> None:
        hold = self._ask(step, "/v1/authorizations", content)["id"]
        if step.way == "void":
            self._ask(step, f"/v1/authorizations/{hold}/void", {}, status=200)
            return
        path, wanted = f"/v1/authorizations/{hold}/capture", {"points": step.captured}
        captured = self._ask(step, path, wanted, status=200)
        self._transactions[step.reference] = captured["transaction"]
        self._count(step, "spent", step.captured)

    def _refund(self, step: Step) -> None:
        undone = self._transactions[step.undoes]
        content = {"transaction": undone, "reference": step.reference, "points": step.points}
        self._ask(step, "/v1/refunds", content)
        self._count(step, "refunded", step.points)

    def _clawback(self, step: Step) -> None:
        path = f"/v1/accruals/{self._transactions[step.undoes]}/clawbacks"
        content = {"reference": step.reference, "points": step.points}
        self._count(step, "clawed back", self._ask(step, path, content)["taken"])

    def _ask(
        self,
        step: Step,
        path: str,
        content: Mapping[str, Any],
        *,
        brand: str = "",
        status: int = 201,
        key: str | None = None,
    ) -> dict[str, Any]:
        client = self._clients[brand or step.brand]
        return self._check(step, client.call("POST", path, content, idempotency_key=key), status)

    def _check(self, step: Step, answer: Answer, status: int) -> dict[str, Any]:
        self._tally.answers += 1  # An answer that did not verify is raised, never returned.
        body: dict[str, Any] = answer.body
        if answer.status != status:
            told = body.get("code", body) if isinstance(body, dict) else body
            raise NotAsPlanned(f"{step.brand} {step.kind} {step.reference}: {answer.status} {told}")
        return body

    def _count(self, step: Step, movement: str, points: int) -> None:
        self._tally.points[step.brand, movement] += points


def _receipt(step: Step) -> dict[str, str]:
    return {"reference": step.reference, "occurred_at": f"{step.at:%Y-%m-%dT%H:%M:%SZ}"}
