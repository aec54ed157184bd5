"""Messages get through: into files, and by SMTP to a server that is really there."""

import socket
import time
from pathlib import Path

import pytest

from members.notices import senders
from members.notices.senders import Address, NotDelivered, Outbox, Smtp, plugged
from tests.members.notices.mail_server import mail_server, self_signed
from tests.server import free_port

NUMBER = "+8613800138000"
OPTIONS = "from=hub@hub.example&to={digits}@sms.example"


class TestOutbox:
    def test_keeps_messages_newest_first(self, tmp_path: Path) -> None:
        outbox = Outbox(tmp_path)
        assert outbox.messages() == []
        outbox.send(NUMBER, "One", "1 积分")
        outbox.send(NUMBER, "Two", "2 积分")
        newest, oldest = outbox.messages()
        assert (newest.to, newest.subject, newest.text) == (NUMBER, "Two", "2 积分")
        assert oldest.at <= newest.at
        assert outbox.messages(1) == [newest]

    def test_nobody_else_may_read_them(self, tmp_path: Path) -> None:
        Outbox(tmp_path).send(NUMBER, "One", "1")
        assert (tmp_path / "outbox").stat().st_mode & 0o777 == 0o700
        (file,) = (tmp_path / "outbox").iterdir()
        assert file.stat().st_mode & 0o777 == 0o600

    def test_a_half_written_message_is_none(self, tmp_path: Path) -> None:
        outbox = Outbox(tmp_path)
        outbox.send(NUMBER, "One", "1")
        (tmp_path / "outbox" / ".00000000000000000001-half").write_text('{"to":')
        assert len(outbox.messages()) == 1

    def test_says_when_it_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / "outbox").write_text("in the way")
        with pytest.raises(NotDelivered):
            Outbox(tmp_path).send(NUMBER, "One", "1")


class TestSmtp:
    def test_without_tls_to_the_same_machine(self) -> None:
        with mail_server() as server:
            Smtp(f"smtp://127.0.0.1:{server.port}/?{OPTIONS}").send(NUMBER, "您好", "120积分\n")
        (mail,) = server.mails
        assert (mail["To"], mail["From"]) == ("8613800138000@sms.example", "hub@hub.example")
        assert mail["Subject"] == "您好"
        assert mail.get_content().strip() == "120积分"
        assert mail["Date"]
        assert mail["Message-ID"].endswith("@hub.example>")

    @pytest.mark.parametrize("scheme", ["smtps", "starttls"])
    def test_with_tls_and_a_login(self, scheme: str, tmp_path: Path) -> None:
        trusted = self_signed(tmp_path)
        with mail_server(trusted, at_once=scheme == "smtps") as server:
            url = f"{scheme}://hub:right@127.0.0.1:{server.port}/?{OPTIONS}&ca={trusted}"
            Smtp(url).send(NUMBER, "One", "1")
        assert server.encrypted == [True]
        assert server.logins == [("hub", "right")]

    @pytest.mark.parametrize("scheme", ["smtps", "starttls"])
    def test_nothing_goes_to_a_server_that_is_not_the_one(
        self, scheme: str, tmp_path: Path
    ) -> None:
        with mail_server(self_signed(tmp_path), at_once=scheme == "smtps") as server:
            sender = Smtp(f"{scheme}://hub:right@127.0.0.1:{server.port}/?{OPTIONS}")
            with pytest.raises(NotDelivered, match="SSLCertVerificationError"):
                sender.send(NUMBER, "One", "1")
        assert server.mails == []
        assert server.logins == []

    def test_starttls_is_not_done_without(self) -> None:
        with mail_server() as server:
            sender = Smtp(f"starttls://127.0.0.1:{server.port}/?{OPTIONS}")
            with pytest.raises(NotDelivered, match="SMTPNotSupportedError"):
                sender.send(NUMBER, "One", "1")
        assert server.mails == []

    def test_a_wrong_login_a_refusal_and_nobody_there(self, tmp_path: Path) -> None:
        trusted = self_signed(tmp_path)
        with mail_server(trusted, at_once=True) as server:
            place = f"127.0.0.1:{server.port}/?{OPTIONS}&ca={trusted}"
            with pytest.raises(NotDelivered, match="SMTPAuthenticationError"):
                Smtp(f"smtps://hub:wrong@{place}").send(NUMBER, "One", "1")
            server.answer = f"550 no such mailbox {NUMBER}"
            with pytest.raises(NotDelivered, match="SMTPDataError") as refused:
                Smtp(f"smtps://hub:right@{place}").send(NUMBER, "One", "1")
        assert NUMBER[1:] not in str(refused.value)
        assert refused.value.__suppress_context__
        with pytest.raises(NotDelivered, match="ConnectionRefusedError"):
            Smtp(f"smtp://127.0.0.1:{free_port()}/?{OPTIONS}").send(NUMBER, "One", "1")

    def test_a_server_that_says_nothing_is_not_waited_for(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(senders, "SECONDS", 0.2)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            began = time.monotonic()
            with pytest.raises(NotDelivered):
                Smtp(f"smtp://127.0.0.1:{port}/?{OPTIONS}").send(NUMBER, "One", "1")
            assert time.monotonic() - began < 5


class TestAddress:
    def test_reads_everything_a_url_says(self) -> None:
        address = Address.from_url(
            "starttls://h%40b:p%2Fw@mail.example/?from=a@b.example&to={number}@sms.example&ca=/x"
        )
        assert (address.host, address.port) == ("mail.example", 587)
        assert (address.user, address.password) == ("h@b", "p/w")
        assert address.of(NUMBER) == f"{NUMBER}@sms.example"
        assert address.authorities == "/x"
        assert "p/w" not in repr(address)

    @pytest.mark.parametrize(
        ("url", "private"),
        [
            (f"smtps://mail.example/?{OPTIONS}", True),
            (f"starttls://mail.example/?{OPTIONS}", True),
            (f"smtp://localhost/?{OPTIONS}", True),
            (f"smtp://mail.example/?{OPTIONS}", False),
        ],
    )
    def test_knows_who_can_read_on_the_way(self, url: str, private: bool) -> None:
        assert Address.from_url(url).is_private is private

    @pytest.mark.parametrize(
        "url",
        [
            "",
            f"http://mail.example/?{OPTIONS}",
            f"smtps:///?{OPTIONS}",
            "smtps://mail.example/",
            "smtps://mail.example/?from=a@b.example",
            "smtps://mail.example/?from=a&to={number}@c.example",
            "smtps://mail.example/?from=a@b.example&to=everybody@c.example",
        ],
    )
    def test_refuses_what_says_too_little(self, url: str) -> None:
        with pytest.raises(ValueError, match=r"the URL must|to= must"):
            Address.from_url(url)


class Pigeon:
    def send(self, to: str, subject: str, text: str) -> None: ...


class TestPlugged:
    def test_takes_what_can_send(self) -> None:
        assert isinstance(plugged(f"{__name__}:Pigeon"), Pigeon)

    @pytest.mark.parametrize("name", ["nowhere:at_all", "json:pigeon", "builtins:dict"])
    def test_refuses_what_cannot(self, name: str) -> None:
        with pytest.raises(ValueError, match=r"cannot be imported|without a `send`"):
            plugged(name)
