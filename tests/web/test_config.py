"""The hub starts on complete and safe settings, or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from kit.database import UnsafeDatabase, refuse_unsafe
from partners.public_keys import PrivateKey
from tests.cluster import Address
from web import config

ROOT = Path(__file__).parent.parent.parent
GOOD_SECRET = "k9Jq2mXw7Lr4Tz8Vb1Nc6Hf3Gd5Sa0Pe"


@pytest.fixture
def production(tmp_path: Path) -> dict[str, str]:
    """Settings that are good enough for production; each test spoils one."""
    key = tmp_path / "key.pem"
    key.write_text(PrivateKey.generate().to_pem())
    return {
        "HUB_ENV": "production",
        "HUB_HOME": str(tmp_path),
        "HUB_ORIGIN": "https://hub.example",
        "HUB_SECRET": GOOD_SECRET,
        "HUB_KEY_FILE": str(key),
        "DATABASE_URL": "postgresql://owner@db.example/hub",
        "HUB_SENDER": "smtp",
        "HUB_SMTP_URL": "smtps://hub:pw@mail.example/?from=hub@hub.example&to={number}@sms.example",
    }


def test_good_settings_are_taken(production: dict[str, str]) -> None:
    settings = config.load(production)
    assert settings.production
    assert settings.origin == "https://hub.example"
    assert "role%3Dhub_app" in settings.app_url


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("HUB_SECRET", None, "HUB_SECRET"),
        ("HUB_SECRET", "secret", "HUB_SECRET"),
        ("HUB_SECRET", "a" * 64, "regular"),
        ("HUB_KEY_FILE", None, "HUB_KEY_FILE"),
        ("HUB_KEY_FILE", "/nowhere/key.pem", "HUB_KEY_FILE"),
        ("DATABASE_URL", None, "DATABASE_URL"),
        ("HUB_ORIGIN", "http://hub.example", "https"),
        ("HUB_PORT", "eighty", "HUB_PORT"),
        ("HUB_PORT", "70000", "HUB_PORT"),
        ("FLASK_DEBUG", "1", "debugger"),
        ("HUB_CHEAP_PASSWORDS", "for-tests", "HUB_CHEAP_PASSWORDS"),
        ("HUB_OIDC_ISSUER", "https://id.example", "HUB_OIDC_CLIENT_ID"),
        ("HUB_OIDC_CLIENT_SECRET", "secret", "HUB_OIDC_ISSUER"),
        ("HUB_SENDER", None, "HUB_SENDER"),
        ("HUB_SENDER", "outbox", "HUB_SENDER"),
        ("HUB_SENDER", "nowhere.to:be_found", "HUB_SENDER"),
        ("HUB_SENDER", "builtins:dict", "HUB_SENDER"),
        ("HUB_SMTP_URL", None, "HUB_SMTP_URL"),
        ("HUB_SMTP_URL", "smtp://mail.example/?from=a@b.c&to={number}@d.e", "starttls"),
        ("HUB_SMTP_URL", "smtps://mail.example/?from=a@b.c&to=one@d.e", "members are not all one"),
    ],
)
def test_each_unsafe_setting_is_refused(
    production: dict[str, str], name: str, value: str | None, says: str
) -> None:
    if value is None:
        del production[name]
    else:
        production[name] = value
    with pytest.raises(config.UnsafeConfiguration, match=says):
        config.load(production)


def test_a_provider_is_taken_with_tls_alone(production: dict[str, str]) -> None:
    production |= {"HUB_OIDC_CLIENT_ID": "hub", "HUB_OIDC_CLIENT_SECRET": "a secret"}
    settings = config.load(production | {"HUB_OIDC_ISSUER": "https://id.example/realm"})
    assert settings.provider is not None
    assert settings.provider.name == "id.example"
    assert "a secret" not in repr(settings)
    with pytest.raises(config.UnsafeConfiguration, match="https"):
        config.load(production | {"HUB_OIDC_ISSUER": "http://id.example"})


def test_a_key_file_without_a_key_is_refused(production: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("not a key")
    with pytest.raises(config.UnsafeConfiguration, match="private key"):
        config.load(production)


def test_python_without_assertions_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-O", "-c", "from web import config; config.load({})"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "python -O" in done.stderr


class TestDatabase:
    def test_the_application_role_is_accepted(self, address: Address) -> None:
        refuse_unsafe(address.application)

    def test_a_role_that_may_change_postings_is_refused(self, address: Address) -> None:
        with pytest.raises(UnsafeDatabase, match="may change postings"):
            refuse_unsafe(address.owner)

    def test_the_owner_may_take_on_the_application_role(self, address: Address) -> None:
        refuse_unsafe(config._as_app_role(address.owner))

    @pytest.mark.parametrize("setting", ["synchronous_commit"])
    def test_an_unsafe_setting_is_refused(self, address: Address, setting: str) -> None:
        separator = "&" if "?" in address.application else "?"
        url = f"{address.application}{separator}options=-c%20{setting}%3Doff"
        with pytest.raises(UnsafeDatabase, match=setting):
            refuse_unsafe(url)

    def test_another_schema_version_is_refused(
        self, address: Address, owner: psycopg.Connection
    ) -> None:
        row = owner.execute("SELECT version_num FROM alembic_version").fetchone()
        assert row is not None
        owner.execute("UPDATE alembic_version SET version_num = '9999'")
        try:
            with pytest.raises(UnsafeDatabase, match="9999"):
                refuse_unsafe(address.application)
        finally:
            owner.execute("UPDATE alembic_version SET version_num = %s", row)

    def test_the_application_cannot_change_postings(self, address: Address) -> None:
        with psycopg.connect(address.application, autocommit=True) as connection:
            for table in ("posting", "journal"):
                for sql in (
                    f"UPDATE exchange.{table} SET points = 1",
                    f"DELETE FROM exchange.{table}",
                    f"TRUNCATE exchange.{table}",
                ):
                    with pytest.raises(psycopg.errors.InsufficientPrivilege):
                        connection.execute(sql)
