"""The month's end with two disputes: one is ended by two people, one carried over."""

from tests.books import Books
from tests.desk.cases import month
from tests.desk.conftest import SignIn
from tests.members.visitor import Visitor


def approve(visitor: Visitor, proposal: str) -> None:
    answer = visitor.submit(f"{proposal}/approve", on=proposal)
    assert "Approved and carried out." in answer.words, answer.words


def propose(visitor: Visitor, dispute: str, decision: str) -> str:
    """The proposal's page."""
    page = f"/desk/disputes/{dispute}"
    answer = visitor.post(page, on=page, decision=decision, reason="agreed on the phone")
    assert answer.status == 303, answer.words
    return answer.location


def close(visitor: Visitor, window: str, books: Books) -> str:
    """The name of the window that opens then."""
    assert "is closed" in visitor.submit(f"/desk/windows/{window}/close").words
    return str(books.rows('SELECT name FROM exchange."window" ORDER BY id DESC LIMIT 1')[0].name)


def test_one_is_ended_one_is_carried_over_and_the_rest_settles(
    sign_in: SignIn, books: Books
) -> None:
    scene = month(books)
    wallet = scene.hub.wallet()
    scene.hub.issue("market", wallet, 1_000)
    scene.hub.spend("fuel", wallet, 250, reference="R-3")
    fay, amy = sign_in("fay", "finance", "approver"), sign_in("amy", "approver")
    olaf = sign_in("olaf", "operations")

    # Closed, the month counts all three sales.
    november = close(olaf, "2026-10", books)
    assert scene.nets("2026-10") == {"market": -1_250, "fuel": 1_250}
    before = scene.statements("2026-10")

    # Two are contested: what is contested waits, and the figures say that they are not the last.
    first, second = scene.contest(scene.first), scene.contest(scene.second)
    words = fay.get("/desk/disputes").words
    assert "Window 2026-10 still counts what is contested" in words
    assert "¥6.00" in words
    assert "¥4.00" in words

    # One is upheld, one is carried over: each by two people, never by one, though she may both.
    ended, carried = propose(fay, first, "uphold"), propose(fay, second, "carry")
    assert "You proposed this, so someone else must approve it." in fay.get(ended).words
    assert f"{ended}/approve" not in fay.get(ended).text
    token = fay.token("/desk")
    fay.send("POST", f"{carried}/approve", {"csrf_token": token, "seen": ""})
    assert "For the hub to decide" in fay.get(f"/desk/disputes/{second}").words
    for proposal in (ended, carried):
        approve(amy, proposal)

    # Worked out again, the window is the third sale alone, and its statements say so.
    answer = olaf.submit("/desk/windows/2026-10/revise", on="/desk/windows/2026-10")
    assert "Revised statements are issued" in answer.words
    assert scene.nets("2026-10") == {"market": -250, "fuel": 250}
    assert scene.statements("2026-10").isdisjoint(before)
    assert "still counts" not in fay.get("/desk/disputes").words

    # Then a second person approves it, and it settles.
    approval = "/desk/windows/2026-10/approval"
    approve(amy, olaf.post(approval, on=approval).location)
    scene.hub.settle("2026-10")
    assert scene.hub.state("2026-10") == "settled"

    # The carried one stands with the next window, and stays out of that one's money too; what was
    # upheld came to nothing there: the line, and the refund of it.
    words = fay.get(f"/desk/disputes?window={november}&state=carried").words
    assert f"carried into {november}" in words
    assert "¥4.00" in words
    december = close(olaf, november, books)
    assert scene.nets(november) == {}

    # Decided at last, it settles with the window that closes next.
    approve(amy, propose(fay, second, "reject"))
    close(olaf, december, books)
    assert scene.nets(december) == {"market": -400, "fuel": 400}
