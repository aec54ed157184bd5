"""What is told is sent by a server that is really there: at least once, and nobody's name."""

import re
import threading
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from kit import language
from members.notices import notify, sending
from members.notices.kinds import KINDS
from members.notices.senders import NotDelivered, Smtp
from members.notices.sending import Post, pause, send_notices
from tests.books import Books
from tests.members.known import Known, erase, know, notices
from tests.members.notices.mail_server import MailServer, mail_server
from tests.members.visitor import SECRETS
from web.frame.wiring import load_words

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
ORIGIN = "https://hub.example"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def words() -> None:
    load_words()


def post_by(sender: Any, *names: str) -> Post:
    return Post(sender, SECRETS, lambda: dict(enumerate(names, 3)), ORIGIN)


def smtp_to(server: MailServer) -> Smtp:
    return Smtp(f"smtp://127.0.0.1:{server.port}/?from=hub@hub.example&to={{number}}@sms.example")


def tell(books: Books, known: Known, kind: str, *, at: datetime = NOW, **facts: Any) -> None:
    with books.database.transaction() as session:
        notify(session, known.person, kind, now=at, **facts)


def body(mail: EmailMessage) -> str:
    return str(mail.get_content()).replace("\r\n", "\n")


class Refusing:
    """A sender that takes nothing until it is told to."""

    def __init__(self) -> None:
        self.takes = False
        self.sent: list[str] = []

    def send(self, to: str, subject: str, text: str) -> None:
        if not self.takes:
            raise NotDelivered("busy")
        self.sent.append(text)


def test_a_message_is_in_the_persons_own_language(books: Books) -> None:
    english, chinese = know(books), know(books, language="zh")
    for each in (english, chinese):
        tell(books, each, "refund", points=1_300, party=3, journal=uuid4())
    with mail_server() as server:
        assert send_notices(books.database, NOW, post_by(smtp_to(server), "Photo")) == 2
    by_number = {mail["To"]: mail for mail in server.mails}
    one, other = (by_number[f"{each.number}@sms.example"] for each in (english, chinese))
    assert one["Subject"] == "Tongbao: Refunds"
    assert body(one) == (
        "Photo refunded 1,300 points.\n\nSee it in your wallet: https://hub.example/inbox\n"
    )
    assert other["Subject"] == "通宝：退还"
    assert body(other) == "Photo退还了1,300积分。\n\n在钱包中查看：https://hub.example/inbox\n"
    assert [n.state for n in notices(books, english)] == ["sent"]
    assert language.current() == "en"


def test_what_is_sent_is_not_sent_again(books: Books) -> None:
    known = know(books)
    tell(books, known, "frozen")
    with mail_server() as server:
        post = post_by(smtp_to(server))
        assert send_notices(books.database, NOW, post) == 1
        assert send_notices(books.database, NOW + DAY, post) == 0
    assert len(server.mails) == 1


def test_what_was_not_taken_is_tried_later_and_given_up_after_a_day(books: Books) -> None:
    known = know(books)
    tell(books, known, "frozen")
    sender, tried, now = Refusing(), [], NOW
    while notices(books, known)[0].state == "waiting":
        before = notices(books, known)[0].tries
        send_notices(books.database, now, post_by(sender))
        if notices(books, known)[0].tries > before:
            tried.append(now - NOW)
        now += timedelta(minutes=1)
    assert [when // timedelta(minutes=1) for when in tried] == [
        0, 1, 3, 7, 15, 31, 63, 127, 255, 495, 735, 975, 1215, 1440,
    ]  # fmt: skip
    (notice,) = notices(books, known)
    assert (notice.state, notice.tries, notice.inbox) == ("undelivered", 14, True)
    sender.takes = True
    assert send_notices(books.database, now + DAY, post_by(sender)) == 0


def test_pauses_grow(books: Books) -> None:
    assert [pause(tries) for tries in (1, 2, 3)] == [timedelta(minutes=m) for m in (1, 2, 4)]
    assert pause(9) == pause(1_000) == timedelta(hours=4)


def test_a_server_that_refuses_is_left_alone_for_a_while(books: Books) -> None:
    known = know(books)
    for _ in range(5):
        tell(books, known, "family-invitation")
    sender = Refusing()
    assert send_notices(books.database, NOW, post_by(sender)) == 0
    assert sorted(n.tries for n in notices(books, known)) == [0, 0, 1, 1, 1]
    sender.takes = True
    assert send_notices(books.database, NOW, post_by(sender)) == 2
    assert send_notices(books.database, NOW + timedelta(minutes=1), post_by(sender)) == 3


def test_whoever_is_killed_while_sending_loses_nothing(books: Books) -> None:
    known = know(books)
    tell(books, known, "frozen")

    class Killed(BaseException):
        pass

    class Dying(Refusing):
        def send(self, to: str, subject: str, text: str) -> None:
            self.sent.append(text)
            raise Killed

    dying, sender = Dying(), Refusing()
    sender.takes = True
    with pytest.raises(Killed):
        send_notices(books.database, NOW, post_by(dying))
    # While the claim lasts nobody else sends it; afterwards it is sent, a second time perhaps.
    assert send_notices(books.database, NOW + timedelta(minutes=4), post_by(sender)) == 0
    assert send_notices(books.database, NOW + sending.LEASE, post_by(sender)) == 1
    assert dying.sent == sender.sent


def test_many_workers_send_each_once(books: Books) -> None:
    known = know(books)
    for _ in range(40):
        tell(books, known, "family-invitation")
    sender = Refusing()
    sender.takes = True
    workers = [
        threading.Thread(target=send_notices, args=(books.database, NOW, post_by(sender)))
        for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(sender.sent) == 40
    assert {n.state for n in notices(books, known)} == {"sent"}


def test_nothing_is_sent_to_the_erased(books: Books) -> None:
    known = know(books)
    tell(books, known, "frozen")
    erase(books, known, NOW)
    with mail_server() as server:
        send_notices(books.database, NOW, post_by(smtp_to(server)))
    assert server.mails == []
    assert notices(books, known) == []


EXAMPLES: dict[str, Any] = {
    "points": 800,
    "party": 3,
    "owed": 80,
    "left": 7,
    "holds": 2,
    "device": "Chrome, Windows",
    "out": True,
    "until": NOW + DAY,
    "day": (NOW + 7 * DAY).date(),
}


@pytest.mark.parametrize("spoken", ["en", "zh"])
def test_every_kind_can_be_said_without_a_name_or_a_code(books: Books, spoken: str) -> None:
    known = know(books, language=spoken)
    for kind, told in KINDS.items():
        facts = {**told.facts, **told.perhaps}
        tell(books, known, kind, **{name: EXAMPLES.get(name, uuid4()) for name in facts})
    sender = Refusing()
    sender.takes = True
    assert send_notices(books.database, NOW, post_by(sender, "Photo")) == len(KINDS)
    for text in sender.sent:
        said, _, where = text.partition("\n\n")
        assert where.strip().endswith(f"{ORIGIN}/inbox")
        assert not re.search(r"%\(|\d{6}|_[0-9a-z]{20}", said), said
        assert re.search("[一-鿿]", said) if spoken == "zh" else said.isascii(), said
        assert known.number not in text
    books.owner.execute("DELETE FROM members.notice")  # They tell of what never happened.


def test_the_log_holds_neither_number_nor_words(books: Books) -> None:
    known = know(books)
    tell(books, known, "new-device", device="Canary, Coalmine")
    with capture_logs() as logged:
        send_notices(books.database, NOW, post_by(Refusing()))
    assert [entry["event"] for entry in logged] == ["not-delivered"]
    assert known.number[3:] not in str(logged)
    assert "Canary" not in str(logged)
