"""The frame over HTTP: languages, lights, protected forms, pages for errors, files, headers."""

import dataclasses
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask

from kit.database import Database, DatabaseUnavailable
from kit.secure_headers import PAGE_HEADERS, SECURE_HEADERS
from partners.public_keys import PrivateKey
from staff.watch import faults as kept_faults
from staff.watch import store as watch
from tests.cluster import Address
from tests.members.visitor import Answer, Site, Visitor, sign_in_as
from tests.server import environment
from web import config
from web.app import create_app

OPEN = ("/frame", "/frame/confirm", "/help", "/nowhere")
SIGNED_IN = (
    "/wallet", "/wallet/activity", "/pay", "/exchange", "/brands", "/freeze", "/give", "/family",
    "/inbox", "/settings",
)  # fmt: skip


class _Strict(HTMLParser):
    """What the policy of pages forbids, and hosts that are not ours."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        for name, value in given.items():
            elsewhere = re.match(r"\s*(?:[a-z][a-z0-9+.-]*:|//)", value, re.IGNORECASE)
            if name == "style" or name.startswith("on"):
                self.faults.append(f"<{tag} {name}>")
            if name in ("href", "src", "action", "srcset", "data", "poster") and elsewhere:
                self.faults.append(f"<{tag} {name}={value}>")
        if tag in ("style", "iframe", "object", "embed", "base"):
            self.faults.append(f"<{tag}>")
        self._inside = tag if tag == "script" else ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script" and data.strip():
            self.faults.append("a script in the page")

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""


def faults(page: str) -> list[str]:
    reader = _Strict()
    reader.feed(page)
    return reader.faults


@pytest.mark.parametrize(
    "planted",
    [
        '<p style="width:1px">', "<style>p{}</style>", "<script>go()</script>",
        '<a onclick="go()">', '<img src="https://other.example/a.png">',
        '<a href="//other.example">', '<a href="javascript:go()">', "<iframe></iframe>",
    ],
)  # fmt: skip
def test_what_the_policy_forbids_is_seen(planted: str) -> None:
    assert faults(f"<html>{planted}</html>") != []


class TestStrictness:
    @pytest.mark.parametrize("language", ["en", "zh"])
    @pytest.mark.parametrize("path", OPEN)
    def test_no_page_has_inline_parts_or_other_hosts(
        self, path: str, language: str, site: Site
    ) -> None:
        answer = site.visitor(language=language).get(path)
        assert faults(answer.text) == []

    @pytest.mark.parametrize("path", SIGNED_IN)
    def test_nor_has_one_for_members(self, path: str, site: Site, database: Database) -> None:
        visitor = site.visitor()
        sign_in_as(visitor, database)
        answer = visitor.go(path)
        assert answer.status == 200
        assert faults(answer.text) == []

    def test_the_policy_of_pages(self, visitor: Visitor) -> None:
        policy = visitor.get("/help").headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        assert "form-action 'self'" in policy
        assert "connect-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy

    def test_what_else_browsers_are_told(self, visitor: Visitor) -> None:
        headers = visitor.get("/help").headers
        for name, value in (*SECURE_HEADERS, *PAGE_HEADERS):
            if name != "Content-Security-Policy":
                assert headers[name] == value

    @pytest.mark.parametrize("path", OPEN)
    def test_no_page_is_kept(self, path: str, visitor: Visitor) -> None:
        assert visitor.get(path).headers["Cache-Control"] == "no-store"


class TestEveryPage:
    @pytest.mark.parametrize("path", OPEN)
    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_it_has_its_landmarks_and_its_language(
        self, path: str, language: str, site: Site
    ) -> None:
        text = site.visitor(language=language).get(path).text
        assert f'<html lang="{ {"en": "en", "zh": "zh-Hans"}[language] }"' in text
        assert len(re.findall(r"<h1[ >]", text)) == 1
        assert len(re.findall(r"<main[ >]", text)) == 1
        assert text.index('class="skip"') < text.index("<header")
        assert "UTC" in text[text.index("<footer") :]

    @pytest.mark.parametrize("path", OPEN)
    def test_help_is_the_last_link(self, path: str, visitor: Visitor) -> None:
        assert re.findall(r'<a [^>]*href="([^"]+)"', visitor.get(path).text)[-1] == "/help"

    def test_ids_are_unique_and_labels_lead_somewhere(self, visitor: Visitor) -> None:
        text = visitor.get("/frame").text
        ids = re.findall(r'\bid="([^"]+)"', text)
        assert len(ids) == len(set(ids))
        for name in re.findall(r'\b(?:for|aria-labelledby|aria-describedby)="([^"]+)"', text):
            assert set(name.split()) <= set(ids)


class TestLanguage:
    def test_it_is_the_browsers_until_one_is_chosen(self, site: Site) -> None:
        assert "Help" in site.visitor(language="fr, en;q=0.5").get("/help").words
        assert "帮助" in site.visitor(language="zh-CN,zh;q=0.9,en;q=0.8").get("/help").words

    def test_it_is_chosen_on_any_page_and_keeps_page_and_query(self, visitor: Visitor) -> None:
        visitor.get("/help?from=menu")
        answer = visitor.post("/language", language="zh")
        assert (answer.status, answer.location) == (303, "/help?from=menu")
        assert "帮助" in visitor.follow(answer).words

    def test_a_member_takes_it_along(self, site: Site, database: Database) -> None:
        visitor, other = site.visitor(), site.visitor()
        member = sign_in_as(visitor, database)
        visitor.submit("/language", on="/help", language="zh")
        sign_in_as(other, database, number=member.number)
        assert "帮助" in other.get("/help").words

    def test_one_that_we_do_not_speak_changes_nothing(self, visitor: Visitor) -> None:
        visitor.submit("/language", on="/help", language="xx")
        assert "language" not in visitor.cookies

    @pytest.mark.parametrize(
        "back",
        ["https://other.example/", "//other.example", "/\\other.example", "javascript:go()", ""],
    )
    def test_nobody_is_sent_to_another_site(self, back: str, visitor: Visitor) -> None:
        answer = visitor.post("/language", on="/help", language="zh", back=back)
        assert (answer.status, answer.location) == (303, "/wallet")


class TestTheme:
    def test_it_is_the_systems_until_one_is_chosen(self, visitor: Visitor) -> None:
        assert 'data-theme="auto"' in visitor.get("/help").text
        visitor.submit("/theme", on="/frame", theme="dark")
        assert 'data-theme="dark"' in visitor.get("/help").text

    def test_one_that_does_not_exist_changes_nothing(self, visitor: Visitor) -> None:
        visitor.cookies["theme"] = '"><script>'
        assert 'data-theme="auto"' in visitor.get("/help").text


class TestForms:
    def test_a_post_without_a_token_is_refused(self, visitor: Visitor) -> None:
        answer = visitor.send("POST", "/language", {"language": "zh"})
        assert answer.status == 403
        assert "Nothing was done" in answer.words
        assert "language" not in visitor.cookies

    def test_so_is_one_with_the_token_of_another_browser(self, site: Site) -> None:
        mine, theirs = site.visitor(), site.visitor()
        token = theirs.token("/help")
        mine.get("/help")
        answer = mine.send("POST", "/language", {"language": "zh", "csrf_token": token})
        assert answer.status == 403

    @pytest.mark.parametrize("token", ["", "x", "a.b.c", "\x00"])
    def test_so_is_one_with_a_token_that_is_none(self, token: str, visitor: Visitor) -> None:
        visitor.get("/help")
        answer = visitor.send("POST", "/language", {"language": "zh", "csrf_token": token})
        assert answer.status == 403

    def test_a_form_does_not_outlive_who_was_signed_in(
        self, site: Site, database: Database
    ) -> None:
        visitor = site.visitor()
        before = visitor.token("/help")
        sign_in_as(visitor, database)
        answer = visitor.send("POST", "/language", {"language": "zh", "csrf_token": before})
        assert answer.status == 403
        assert visitor.submit("/language", on="/help", language="zh").status == 200
        assert visitor.cookies["language"] == "zh"

    def test_a_result_is_told_once(self, visitor: Visitor) -> None:
        answer = visitor.post("/frame/confirm")
        assert answer.status == 303
        told = re.compile(r'<div class="notice ok" role="status">')
        assert told.search(visitor.follow(answer).text)
        assert not told.search(visitor.get("/frame").text)

    def test_no_form_is_as_long_as_this(self, visitor: Visitor) -> None:
        token = visitor.token("/help")
        sent = {"language": "zh", "csrf_token": token, "back": "/help" * 20_000}
        assert visitor.send("POST", "/language", sent).status == 413
        assert "language" not in visitor.cookies

    def test_the_api_needs_no_token(self, visitor: Visitor) -> None:
        answer = visitor.send("POST", "/v1/redemptions", {})
        assert answer.headers.get_content_type() == "application/problem+json"
        assert answer.status != 403


class TestErrors:
    def test_a_missing_page(self, visitor: Visitor) -> None:
        answer = visitor.get("/nowhere")
        assert answer.status == 404
        assert "This page does not exist or is not yours to see." in answer.words

    def test_a_wrong_method(self, visitor: Visitor) -> None:
        visitor.get("/help")
        answer = visitor.send("DELETE", "/help")
        assert answer.status == 405
        assert "GET" in answer.headers["Allow"]
        assert answer.headers.get_content_type() == "text/html"

    def test_in_the_readers_language(self, site: Site) -> None:
        assert "没有这个页面，或无权查看。" in site.visitor(language="zh").get("/nowhere").words

    @pytest.mark.parametrize("accept", ["application/json", "*/*", ""])
    def test_a_program_gets_a_problem(self, accept: str, visitor: Visitor) -> None:
        answer = visitor.get("/nowhere", Accept=accept)
        assert answer.headers.get_content_type() == "application/problem+json"
        assert answer.json()["code"] == "not-found"
        assert "form-action 'none'" in answer.headers["Content-Security-Policy"]

    @pytest.mark.parametrize("path", ["/v1/nowhere", "/v1/rates", "/v1/"])
    def test_so_does_whoever_asks_the_api(self, path: str, visitor: Visitor) -> None:
        answer = visitor.get(path)
        assert answer.headers.get_content_type() == "application/problem+json"


class TestFaults:
    def test_a_fault_says_its_number_and_nothing_else(
        self, settings: config.Config, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kept_faults, "_last", -kept_faults._PAUSE)  # One a second is kept.
        with running(settings) as app:

            @app.get("/fault")
            def fault() -> str:
                raise RuntimeError("secret-of-the-house")

            client = app.test_client()
            page = client.get("/fault", headers={"Accept": "text/html", "Accept-Language": "zh"})
            assert page.status_code == 500
            assert re.search(r"编号INC-[0-9A-F]{8}。", page.text)
            assert "secret-of-the-house" not in page.text
            assert client.get("/fault").get_json()["code"] == "internal-error"
            with app.extensions["database"].transaction() as session:
                (kept, *_) = watch.faults(session, 5)
            assert (kept["place"], kept["kind"]) == ("/fault", "RuntimeError")
            assert kept["incident"].upper().startswith(page.text.split("INC-")[1][:8])

    def test_a_hub_without_its_database_says_so_in_words(self, settings: config.Config) -> None:
        def nobody_knows() -> None:
            raise DatabaseUnavailable

        with running(settings) as app:
            app.extensions["whoami"] = nobody_knows
            asked = {"Accept": "text/html", "Accept-Language": "zh"}
            page = app.test_client().get("/help", headers=asked)
            assert page.status_code == 503
            assert "没有进行任何操作。稍后重试。" in page.text


class TestFiles:
    def _files(self, answer: Answer) -> list[str]:
        return re.findall(r'(?:href|src)="(/assets/[^"]+)"', answer.text)

    def test_they_are_kept_for_a_year_under_their_digest(self, visitor: Visitor) -> None:
        files = self._files(visitor.get("/help"))
        assert len(files) >= 3
        visitor.cookies.clear()
        for file in files:
            answer = visitor.get(file)
            assert answer.status == 200
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "Set-Cookie" not in answer.headers

    def test_another_digest_is_another_file(self, visitor: Visitor) -> None:
        assert visitor.get("/assets/000000000000/frame.css").status == 404
        assert visitor.get("/assets/000000000000/../../app.py").status == 404

    def test_the_stylesheet_asks_nothing_of_anybody(self, visitor: Visitor) -> None:
        style = next(file for file in self._files(visitor.get("/help")) if ".css" in file)
        assert not re.search(r"url\(|@import|@font-face", visitor.get(style).text)


class TestProduction:
    @pytest.mark.parametrize(("production", "status"), [(False, 200), (True, 404)])
    def test_the_page_of_parts_is_for_developers(
        self, production: bool, status: int, settings: config.Config
    ) -> None:
        with running(dataclasses.replace(settings, production=production)) as app:
            answer = app.test_client().get("/frame", headers={"Accept": "text/html"})
            assert answer.status_code == status

    @pytest.mark.parametrize("production", [False, True])
    def test_the_cookie_of_a_choice(self, production: bool, settings: config.Config) -> None:
        with running(dataclasses.replace(settings, production=production)) as app:
            # A browser keeps what is for TLS alone from a page without it.
            client = app.test_client()
            page = client.get("/help", base_url="https://localhost")
            token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
            assert token is not None
            answer = client.post(
                "/language",
                base_url="https://localhost",
                data={"language": "zh", "csrf_token": token[1], "back": "/help"},
            )
            (cookie,) = (one for one in answer.headers.getlist("Set-Cookie") if "language=" in one)
        assert cookie.startswith("language=zh;")
        assert "HttpOnly" in cookie
        assert ("Secure" in cookie) == production

    @pytest.mark.parametrize("production", [False, True])
    def test_the_cookie_of_forms(self, production: bool, settings: config.Config) -> None:
        with running(dataclasses.replace(settings, production=production)) as app:
            (cookie,) = app.test_client().get("/help").headers.getlist("Set-Cookie")
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert cookie.startswith("__Host-") == production
        assert ("Secure" in cookie) == production


@pytest.fixture
def settings(address: Address, database: Database, tmp_path: Path) -> config.Config:
    """Of a hub that answers in this process, without a port."""
    key_file = tmp_path / "hub-key.pem"
    key_file.write_text(PrivateKey.generate().to_pem())
    return config.load(environment(address, 8000, key_file))


@contextmanager
def running(settings: config.Config) -> Iterator[Flask]:
    app = create_app(settings)
    try:
        yield app
    finally:
        app.extensions["database"].close()
