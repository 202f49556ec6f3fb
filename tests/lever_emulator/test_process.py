"""The process: its command line, its state file, its speed."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.lever_emulator.client import PROJECT, Lever, Server, Visitor

# Milliseconds of CPU one request may take, whatever is asked and however many are there.
CPU_PER_REQUEST = 2.0


@pytest.fixture
def kept(tmp_path):
    """An emulator with a state file."""
    running = Server("--state", str(tmp_path / "state.sqlite3"), "--no-rate-limit")
    yield running
    running.stop()


def lever_of(server) -> Lever:
    account = server.control("POST", "/accounts", name="Acme", postings=[{"text": "Backend Engineer"}])
    made = Lever(server, account)
    made.http.trust_env = False
    return made


def test_everything_survives_a_restart(kept):
    lever = lever_of(kept)
    tokens = lever.new_token()
    lever.token = tokens["access_token"]
    posting = lever.posting("Backend Engineer")["id"]
    fields = [("name", "Ada"), ("emails[]", "ada@example.com"), ("postings[]", posting)]
    created = lever.create_multipart(fields, [("resumeFile", ("cv.pdf", b"%PDF" * 1000))])["data"]
    path = f"/opportunities/{created['id']}"
    lever.post(f"{path}/notes", {"value": "hello"}, 201)
    lever.put(f"{path}/stage", {"stage": "offer"})
    gone = lever.create(name="Gone", emails=["gone@example.com"])
    kept.control("DELETE", f"/opportunities/{gone['id']}")
    kept.control("POST", "/switches", rotation="lenient")
    kept.control("POST", "/clock", advance_seconds=10)
    before = lever.everything()
    kept.stop()
    kept.start()
    lever.http.close()
    assert lever.everything() == before
    assert lever.get("/opportunities", email="ada@example.com")["data"][0]["stage"] == "offer"
    assert lever.get("/opportunities", tag="Backend Engineer")["data"][0]["id"] == created["id"]
    (resume,) = lever.get(f"{path}/resumes")["data"]
    assert lever.call("GET", f"{path}/resumes/{resume['id']}/download").content == b"%PDF" * 1000
    assert lever.get("/opportunities", email="gone@example.com")["data"] == []
    assert len(lever.get("/opportunities/deleted")["data"]) == 1
    assert kept.control("GET", "/switches")["rotation"] == "lenient"
    assert kept.control("GET", "/clock")["advanced_seconds"] == 10
    renewed = Visitor(kept).token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert renewed.status_code == 200


def test_state_survives_a_kill_but_for_the_last_moment(kept):
    lever = lever_of(kept)
    lever.token = lever.new_token()["access_token"]
    lever.create(name="Ada")
    files = [kept.arguments[1], f"{kept.arguments[1]}-wal"]
    assert written(files, b"Ada"), "the row is in the file soon after the answer"
    kept.process.send_signal(signal.SIGKILL)
    kept.process.wait()
    kept.start()
    lever.http.close()
    assert [row["name"] for row in lever.everything()] == ["Ada"]


def written(files: list[str], words: bytes) -> bool:
    """Wait until a file holds some words."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if any(Path(file).exists() and words in Path(file).read_bytes() for file in files):
            return True
        time.sleep(0.02)
    return False


def test_reset_forgets_the_state_file_too(kept):
    lever_of(kept)
    kept.control("POST", "/reset")
    kept.stop()
    kept.start()
    assert [account["name"] for account in kept.control("GET")["accounts"]] == ["Northwind Instruments"]


def test_app_and_addresses_come_from_the_command_line():
    arguments = ["--client-id", "mine", "--client-secret", "s", "--app-name", "My App", "--redirect-uri", "http://x/cb"]
    running = Server(*arguments, "--public-url", "http://lever.example/", "--scope", "offline_access notes:write:admin")
    try:
        state = running.control("GET")
    finally:
        running.stop()
    (app,) = state["apps"]
    assert (app["client_id"], app["name"], app["redirect_uris"]) == ("mine", "My App", ["http://x/cb"])
    assert app["scopes"] == ["offline_access", "notes:write:admin"]
    assert state["public_url"] == "http://lever.example"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "many"],
        ["--port", "70000"],
        ["--rate", "0"],
        ["--rate", "-1"],
        ["--latency", "slow"],
        ["--seed", "nowhere.json"],
        ["--seed", "pyproject.toml"],
        ["--state", "/dev/null/state"],
        ["--state", "pyproject.toml"],
        ["--redirect-uri", "localhost"],
        ["--switch", "rotation"],
        ["--switch", "rotation=wild"],
        ["--switch", "colour=red"],
        ["--what"],
    ],
    ids=" ".join,
)
def test_bad_argument_gets_one_sentence_and_exit_2(arguments):
    command = [sys.executable, "-m", "lever_emulator", *arguments]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("lever_emulator: ")
    assert ended.stderr.count("\n") == 1


def test_taken_port_gets_one_sentence_and_exit_2(server):
    command = [sys.executable, "-m", "lever_emulator", "--port", str(server.port)]
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 2
    assert ended.stderr == f"lever_emulator: 127.0.0.1:{server.port} cannot be listened on: Address already in use.\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stops_at_once_and_quietly(number):
    running = Server()
    running.process.send_signal(number)
    running.process.wait(5)
    with pytest.raises(requests.ConnectionError):
        running.http.get(running.url, timeout=1)


def test_requests_cost_little_cpu_among_many_opportunities(lever, server):
    posting = lever.posting("Backend Engineer")["id"]
    server.control("POST", f"/accounts/{lever.id}/opportunities", count=20_000, posting=posting, email_prefix="cpu")
    headers = {"Authorization": f"Bearer {lever.token}"}
    create = f"{server.url}/v1/opportunities?perform_as={lever.admin}"
    look = f"{server.url}/v1/opportunities?posting_id={posting}&expand=applications&email="

    def cost(work) -> float:
        before = server.control("GET")["cpu_seconds"]
        for number in range(100):
            assert work(number).status_code < 300
        return (server.control("GET")["cpu_seconds"] - before) * 10

    resume = {"resumeFile": ("cv.pdf", b"%PDF" * 50_000)}
    figures = {
        "create": cost(lambda n: lever.http.post(create, json={"emails": [f"c{n}@x.example"]}, headers=headers)),
        "create with 200 KB": cost(lambda n: lever.http.post(create, files=resume, headers=headers)),
        "look up": cost(lambda n: lever.http.get(f"{look}cpu{n}@example.com", headers=headers)),
        "page": cost(lambda n: lever.http.get(f"{server.url}/v1/opportunities?limit=50", headers=headers)),
    }
    assert max(figures.values()) <= CPU_PER_REQUEST, figures
