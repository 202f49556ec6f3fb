"""Servers and processes that may be killed: PostgreSQL, Redis, workers, beat; and the emulator, which may not."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import requests

from purposejobs.local_stack import PROJECT, ensure_roles
from purposejobs.local_stack.environment import free_port, local_environment, procfile
from purposejobs.local_stack.processes import dying_with_parent
from purposejobs.local_stack.servers import APPLICATION, OWNER, SUPERUSER, Postgres, Redis, redis_binary

# The rules are the product's, only the waits are shorter. A late create lands within the look-up delay: the emulator's
# slow answers are shorter than the deadline, and the deadline is shorter than the delay.
QUICK = {
    "EXPORT_CALL_DEADLINE_SECONDS": "2",
    "EXPORT_LEASE_SECONDS": "5",
    "EXPORT_LOOK_DELAY_SECONDS": "3",
    "EXPORT_SWEEP_SECONDS": "0.5",
    "EXPORT_RETRY_FIRST_SECONDS": "0.3",
    "EXPORT_RETRY_CAP_SECONDS": "3",
    "EXPORT_CIRCUIT_FIRST_SECONDS": "0.5",
    "EXPORT_CIRCUIT_CAP_SECONDS": "2",
    "EXPORT_REFRESH_POSTINGS_SECONDS": "10",
    "LOG_LEVEL": "WARNING",
    "WEB_PROCESSES": "1",
    "RATE_LIMIT_APPLY": "100000/m/ip",
}


def wait_for(condition, what: str, *, seconds: float = 60, every: float = 0.05):
    """Come back with what the condition says as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(every)
    return value


class Process:
    """One of the Procfile's processes; every start has a log of its own."""

    def __init__(self, name: str, process: str, folder: Path, **environment: str) -> None:
        self.name, self.folder, self.starts = name, folder, 0
        command = procfile()[process].replace(f"{process}@%h", f"{name}@%h")
        self.command = ["sh", "-c", f"exec {command}"]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1", **environment}
        self.start()

    def start(self) -> None:
        self.starts += 1
        self.log = self.folder / f"{self.name}-{self.starts}.log"
        with open(self.log, "wb") as log:
            self.popen = subprocess.Popen(
                self.command,
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                start_new_session=True,
                preexec_fn=dying_with_parent(signal.SIGKILL),
            )

    def is_ready(self) -> bool:
        said = self.log.read_text(errors="replace")
        assert self.popen.poll() is None, f"{self.name} ended:\n{said[-3000:]}"
        return " ready." in said or "Booting worker" in said

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def ask_to_stop(self) -> None:
        self.popen.terminate()

    def revive(self) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(15)
        if self.popen.poll() is None:
            self.kill()
        self.start()


class KillablePostgres(Postgres):
    """Commits reach the operating system at once, as they must survive a kill; it may write them to the disk later."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, throwaway=False)

    def start_first(self) -> None:
        import psycopg2

        self.start()
        self.wait()
        connection = psycopg2.connect(self.url(SUPERUSER, "postgres"))
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("ALTER SYSTEM SET fsync = off")
            cursor.execute("ALTER SYSTEM SET full_page_writes = off")
            cursor.execute("SELECT pg_reload_conf()")
        connection.close()
        self.create_owner()
        ensure_roles(self.url(OWNER), self.url(APPLICATION))

    def kill(self) -> None:
        postmaster = psutil.Process(self.process.pid)
        everybody = [postmaster, *postmaster.children(recursive=True)]
        for process in everybody:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()
        psutil.wait_procs(everybody[1:], timeout=10)

    def kill_a_backend(self, dice: random.Random) -> None:
        """Kill one that serves a worker: PostgreSQL then ends all the others, and recovers by itself."""
        children = psutil.Process(self.process.pid).children()
        serving = [process for process in children if APPLICATION in " ".join(process.cmdline())]
        if serving:
            dice.choice(serving).kill()

    def revive(self) -> None:
        self.start()


class KillableRedis(Redis):
    """Comes back empty, at the same address."""

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def revive(self) -> None:
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [redis_binary(), str(self.folder / "redis.conf"), "--daemonize", "no"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=dying_with_parent(signal.SIGTERM),
            )


class Emulator:
    """The far side, over HTTP."""

    def __init__(self, folder: Path) -> None:
        self.url = os.environ["LEVER_EMULATOR_URL"]
        self.http = requests.Session()
        self.http.trust_env = False
        command = [sys.executable, "-m", "lever_emulator", "--port", str(urlsplit(self.url).port)]
        command += ["--client-id", os.environ["LEVER_CLIENT_ID"], "--log-size", "100000"]
        command += [f"--client-secret={os.environ['LEVER_CLIENT_SECRET']}"]
        command += ["--redirect-uri", f"{os.environ['PUBLIC_URL']}/integrations/lever/callback/"]
        with open(folder / "emulator.log", "wb") as log:
            self.popen = subprocess.Popen(
                command,
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=dying_with_parent(signal.SIGKILL),
            )
        wait_for(self._answers, "the emulator")

    def _answers(self) -> bool:
        try:
            return self.http.get(f"{self.url}/_control", timeout=5).ok
        except requests.ConnectionError:
            return False

    def control(self, method: str, path: str = "", /, **body):
        options = {"params": body} if method == "GET" else {"json": body}
        answer = self.http.request(method, f"{self.url}/_control{path}", timeout=60, **options)
        if not answer.ok:
            raise AssertionError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()


class Stack:
    """All of it, in a folder of its own that is gone afterwards."""

    def __init__(self, workers: int) -> None:
        # Short, for the path of PostgreSQL's socket.
        self.folder = Path(tempfile.mkdtemp(prefix="purposejobs-faults-", dir="/tmp"))
        self.workers = workers
        self.processes: dict[str, Process] = {}

    def __enter__(self) -> "Stack":
        """Start the servers, and set the environment for this process and all that it starts."""
        self.postgres, self.redis = KillablePostgres(self.folder), KillableRedis(self.folder)
        try:
            self.redis.start()
            self.postgres.start_first()
            self.redis.wait()
        except BaseException:
            self._end()
            raise
        names = {"WEB_PORT": str(free_port()), "EMULATOR_PORT": str(free_port()), "FOLDER": str(self.folder)}
        for line in (PROJECT / "local.env").read_text().splitlines():
            os.environ.pop(line.partition("=")[0], None)
        os.environ.update(
            {
                **local_environment(self.folder, names),
                **QUICK,
                "DATABASE_URL": self.postgres.url(APPLICATION),
                "DATABASE_OWNER_URL": self.postgres.url(OWNER),
                "REDIS_URL": self.redis.url,
                "DJANGO_SETTINGS_MODULE": "purposejobs.settings",
            }
        )
        return self

    def start_processes(self) -> None:
        self.emulator = Emulator(self.folder)
        for number in range(1, self.workers + 1):
            self.processes[f"exports{number}"] = Process(f"exports{number}", "exports", self.folder)
        self.processes["worker"] = Process("worker", "worker", self.folder)
        self.processes["web"] = Process("web", "web", self.folder, PORT=str(urlsplit(os.environ["PUBLIC_URL"]).port))
        self.processes["beat"] = Process("beat", "beat", self.folder, BEAT_SCHEDULE=str(self.folder / "beat"))
        for name, process in self.processes.items():
            if name != "beat":
                wait_for(process.is_ready, name)

    def __exit__(self, *failure: object) -> None:
        self._end(keep=failure[0] is not None)

    def _end(self, *, keep: bool = False) -> None:
        for process in self.processes.values():
            process.kill()
        if hasattr(self, "emulator"):
            self.emulator.popen.kill()
            self.emulator.popen.wait()
        for server in (self.redis, self.postgres):
            if hasattr(server, "process"):
                with contextlib.suppress(psutil.NoSuchProcess):
                    server.kill()
        if keep:
            print(f"The logs are in {self.folder}.")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
