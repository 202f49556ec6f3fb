"""Real processes for tests: the emulator and Celery, over the test process's own database and Redis."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from purposejobs.local_stack.environment import procfile

PROJECT = Path(__file__).resolve().parent.parent


def wait_until(condition: Callable[[], object], *, seconds: float = 60, what: str = "") -> object:
    """Give what `condition` says as soon as it is true; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"Waited {seconds} s in vain{f' for {what}' if what else ''}.")
        time.sleep(0.02)


class Process:
    """A process of the tests whose output goes to a file; signals go to all that it started."""

    def __init__(
        self, name: str, arguments: list[str], folder: Path, environment: dict[str, str] | None = None
    ) -> None:
        self.name, self.arguments = name, arguments
        self.log = folder / f"{name}.log"
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**os.environ, **(environment or {}), "PATH": path, "PYTHONUNBUFFERED": "1"}
        self.start()

    def start(self) -> None:
        with open(self.log, "wb") as log:
            self.popen = subprocess.Popen(
                self.arguments,
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                start_new_session=True,
            )

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def has_said(self, words: str) -> bool:
        assert self.popen.poll() is None, f"{self.name} ended with {self.popen.returncode}:\n{self.output[-3000:]}"
        return words in self.output

    def signal(self, number: signal.Signals) -> None:
        if self.popen.poll() is None:
            os.killpg(self.popen.pid, number)

    def kill(self) -> None:
        """Let it die without a word, as in a crash."""
        self.signal(signal.SIGKILL)
        self.popen.wait()

    def stop(self) -> None:
        """Ask it to end, as a deployment does."""
        self.signal(signal.SIGTERM)
        try:
            self.popen.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()


class Emulator(Process):
    """A stand-in ATS, reached over HTTP only."""

    def __init__(self, folder: Path) -> None:
        self.url = os.environ["LEVER_EMULATOR_URL"]
        arguments = [
            sys.executable,
            "-m",
            "lever_emulator",
            "--host",
            "127.0.0.1",
            "--port",
            str(urlsplit(self.url).port),
        ]
        arguments += ["--client-id", os.environ["LEVER_CLIENT_ID"]]
        arguments += ["--client-secret", os.environ["LEVER_CLIENT_SECRET"]]
        arguments += ["--redirect-uri", os.environ["PUBLIC_URL"] + "/integrations/lever/callback/"]
        super().__init__("emulator", arguments, folder)
        self.http = requests.Session()
        self.http.trust_env = False

    def is_up(self) -> bool:
        assert self.popen.poll() is None, f"The emulator ended:\n{self.output[-3000:]}"
        try:
            return self.http.get(f"{self.url}/_control", timeout=5).ok
        except requests.ConnectionError:
            return False

    def control(self, method: str, path: str = "", **body: object):
        """Speak to the emulator's own side, `/_control`, and give the answer's JSON."""
        options = {"params": body} if method == "GET" else {"json": body}
        answer = self.http.request(method, f"{self.url}/_control{path}", timeout=20, **options)
        assert answer.ok, f"{method} {answer.url}: {answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else None


@pytest.fixture(scope="session")
def emulator_process(tmp_path_factory):
    # The autouse fixture of each test closes the network; this one is started outside any test.
    emulator = Emulator(tmp_path_factory.mktemp("emulator"))
    yield emulator
    emulator.stop()


@pytest.fixture
def emulator(emulator_process, request, http):
    """The emulator with nothing in it but its seed. The test needs `@pytest.mark.real_http`."""
    assert request.node.get_closest_marker("real_http"), "mark the test with @pytest.mark.real_http"
    if emulator_process.popen.poll() is not None:
        emulator_process.start()
    wait_until(emulator_process.is_up, what="the emulator")
    emulator_process.control("POST", "/reset")
    return emulator_process


@pytest.fixture
def start_celery(transactional_db, tmp_path):
    """Start the Procfile's Celery processes for one test: `start_celery("beat", EXPORT_SWEEP_SECONDS="0.5")`."""
    started: list[Process] = []

    def start(name: str = "exports", **environment: str) -> Process:
        command = ["sh", "-c", f"exec {procfile()[name]}"]
        process = Process(f"{name}-{len(started) + 1}", command, tmp_path, environment)
        started.append(process)
        if name != "beat":
            wait_until(lambda: process.has_said(" ready."), what=f"the Celery process {name}")
        return process

    yield start
    for process in started:
        process.signal(signal.SIGTERM)
    for process in started:
        process.stop()


@pytest.fixture
def celery_worker_process(start_celery):
    """A real worker for every queue, on the test database; `.kill()`, `.stop()` and `.start()` do what they say."""
    return start_celery("exports", EXPORT_QUEUES="default,integrations,integrations_again")
