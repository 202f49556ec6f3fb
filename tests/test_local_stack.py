"""Promises of the embedded servers. They run in folders of their own, beside those of the test run."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg2
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from purposejobs.local_stack import MARK, StackError, ensure_roles
from purposejobs.local_stack.environment import free_port, local_environment
from tests.processes import PROJECT, wait_until

SERVERS = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL")
REPORT = "import os, json, sys; json.dump(dict(os.environ), open(sys.argv[1], 'w')); "
WAIT = "import time; time.sleep(60)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("stack with spaces")


@pytest.fixture
def start(tmp_path):
    """Start the stack of a folder with a command that reports its environment, then goes on as told."""
    started: list[subprocess.Popen] = []

    def start_stack(folder: Path, then: str = "", **environment: str):
        report = tmp_path / f"report-{len(started)}.json"
        command = [sys.executable, "-m", "purposejobs.local_stack", "run", "--folder", str(folder), "--"]
        clean = {name: value for name, value in os.environ.items() if name not in (*SERVERS, MARK, "MAKELEVEL")}
        starter = subprocess.Popen(
            [*command, sys.executable, "-c", REPORT + then, str(report)],
            cwd=PROJECT,
            env={**clean, **environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(starter)
        return starter, report

    yield start_stack
    for starter in started:
        starter.terminate()
        starter.communicate(timeout=60)


def reported(starter: subprocess.Popen, report: Path) -> dict[str, str]:
    def read():
        assert starter.poll() in (None, 0), starter.communicate()[1]
        return report.exists() and report.read_text().endswith("}") and json.loads(report.read_text())

    return wait_until(read, seconds=60, what="the stack")


def processes_of(folder: Path) -> list[str]:
    """Servers, keeper and commands of a folder that live; a dead one nobody fetched does not count."""
    found = []
    for process in psutil.process_iter():
        try:
            places = (" ".join(process.cmdline()), process.environ().get(MARK, ""), process.cwd())
            if any(str(folder) in place for place in places) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.name())
        except psutil.Error:
            continue
    return found


def test_the_command_gets_both_servers_and_its_exit_code_is_ours(start, folder):
    check = (
        "import psycopg2, redis; e = os.environ\n"
        "for name in ('DATABASE_URL', 'DATABASE_OWNER_URL'): psycopg2.connect(e[name]).close()\n"
        "assert redis.Redis.from_url(e['REDIS_URL']).ping(); sys.exit(7)"
    )
    starter, _ = start(folder, check)

    assert starter.wait(60) == 7
    assert processes_of(folder) == []


def test_the_application_role_is_made_without_power(start, folder):
    starter, report = start(folder, WAIT)
    environment = reported(starter, report)

    with psycopg2.connect(environment["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False, False)
        cursor.execute(
            "SELECT datcollate, datlocprovider, datlocale FROM pg_database WHERE datname = current_database()"
        )
        assert cursor.fetchone() == ("C", "b", "C.UTF-8")
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=urlsplit(environment["REDIS_URL"]).port, retry=Retry(NoBackoff(), 0)).ping()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL], ids=["asked", "hung up", "killed"])
def test_nothing_is_left_when_the_starter_ends(start, folder, number):
    starter, report = start(folder, WAIT)
    reported(starter, report)
    assert {"postgres", "redis-server"} <= set(processes_of(folder))

    starter.send_signal(number)
    starter.wait(30)

    wait_until(lambda: processes_of(folder) == [], what="the servers to end")


def test_nothing_is_left_when_the_keeper_is_killed(start, folder):
    starter, report = start(folder, WAIT)
    reported(starter, report)

    psutil.Process(json.loads((folder / "lock").read_text())["keeper"]).kill()

    _, said = starter.communicate(timeout=30)
    assert f"The servers ended; see the logs in {folder}." in said
    wait_until(lambda: processes_of(folder) == [], what="the servers to end")


def test_a_start_right_after_everything_was_killed_keeps_the_data(start, folder):
    starter, report = start(folder, WAIT)
    owner = psycopg2.connect(reported(starter, report)["DATABASE_OWNER_URL"])
    with owner, owner.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT 1 AS number")
    keeper = psutil.Process(json.loads((folder / "lock").read_text())["keeper"])
    for process in (*keeper.children(), keeper, psutil.Process(starter.pid)):
        process.kill()

    again, report = start(folder, WAIT)
    owner = psycopg2.connect(reported(again, report)["DATABASE_OWNER_URL"])
    with owner, owner.cursor() as cursor:
        cursor.execute("SELECT number FROM kept")
        assert cursor.fetchone() == (1,)
        cursor.execute("DROP TABLE kept")
    owner.close()


def test_a_folder_in_use_is_refused_in_a_sentence(start, folder):
    first, report = start(folder, WAIT)
    reported(first, report)

    second, _ = start(folder)
    _, said = second.communicate(timeout=60)

    assert second.returncode == 1
    assert said == (f"The servers in {folder} are in use by process {first.pid}; stop that one first (Ctrl-C there).\n")


def test_a_path_too_long_for_a_socket_gets_a_short_one(start, tmp_path):
    deep = tmp_path / ("deep " * 20) / ("deeper " * 10)
    starter, report = start(deep, WAIT)
    url = reported(starter, report)["DATABASE_URL"]
    assert len(url) < 120
    psycopg2.connect(url).close()

    starter.terminate()
    starter.wait(30)
    assert not Path(url.split("host=")[1].replace("%2F", "/")).exists()


@pytest.mark.django_db
def test_servers_that_the_environment_names_are_used(start, tmp_path):
    named = {name: os.environ[name] for name in SERVERS}
    starter, report = start(tmp_path / "unused", WAIT, **named)
    environment = reported(starter, report)

    assert {name: environment[name] for name in SERVERS} == named
    assert set(processes_of(tmp_path / "unused")) & {"postgres", "redis-server"} == set()


def test_half_a_database_address_is_refused(start, tmp_path):
    starter, _ = start(tmp_path / "unused", DATABASE_URL=os.environ["DATABASE_URL"])
    _, said = starter.communicate(timeout=30)

    assert starter.returncode == 1
    assert said == "DATABASE_URL is set alone: set DATABASE_URL and DATABASE_OWNER_URL both, or neither.\n"


def test_one_user_for_both_addresses_is_refused():
    owner = os.environ["DATABASE_OWNER_URL"]
    with pytest.raises(StackError, match="must name two different users"):
        ensure_roles(owner, owner)


def test_a_taken_port_is_noticed_and_another_chosen():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        assert free_port(taken) != taken
    assert free_port(taken) == taken


def test_secrets_are_made_once_and_a_set_variable_wins(tmp_path, monkeypatch):
    names = {"WEB_PORT": "1", "EMULATOR_PORT": "2", "FOLDER": "/somewhere"}
    monkeypatch.delenv("SECRET_KEY")
    first = local_environment(tmp_path, names)
    assert local_environment(tmp_path, names)["SECRET_KEY"] == first["SECRET_KEY"]
    assert len(first["SECRET_KEY"]) > 50

    monkeypatch.setenv("SECRET_KEY", "mine")
    assert local_environment(tmp_path, names)["SECRET_KEY"] == "mine"


def test_no_secret_looks_like_an_option_of_the_command_it_is_given_to(tmp_path, monkeypatch):
    names = {"WEB_PORT": "1", "EMULATOR_PORT": "2", "FOLDER": "/somewhere"}
    monkeypatch.delenv("LEVER_CLIENT_SECRET")

    made = [local_environment(tmp_path / str(number), names)["LEVER_CLIENT_SECRET"] for number in range(200)]

    assert [secret for secret in made if secret.startswith("-")] == []
