"""The whole product beside its servers: for a person (demo), and for a command (smoke)."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from purposejobs.local_stack import LOCAL, PROJECT, Stack, StackError, local_stack
from purposejobs.local_stack.environment import free_port, is_taken, local_environment, procfile
from purposejobs.local_stack.processes import STOP_SECONDS, dying_with_parent, run_command
from purposejobs.local_stack.servers import OWNER

START_SECONDS = 90  # for the web server's first answer


def serve(stack: Stack, command: Sequence[str], environment: dict[str, str], *, log: IO[str] | None = None) -> int:
    """
    Run the Procfile's processes; once the web answers, run the command.

    Without a `log` the processes speak to the terminal and go on after a command that succeeded, until somebody stops
    them. With one they write there and end with the command, whose exit code is ours.
    """
    import honcho.manager
    import honcho.printer
    import honcho.process

    class Process(honcho.process.Process):
        def run(self, events: Any = None, ignore_signals: bool = False) -> None:
            # We are honcho's helper, a copy of the starter: end with it, and do not hold its line to the keeper.
            before_exec = dying_with_parent(signal.SIGKILL, of=starter)
            if before_exec:
                before_exec()
            if stack.keeper.stdin:
                stack.keeper.stdin.close()
            super().run(events, ignore_signals)

    class Printer(honcho.printer.Printer):
        def write(self, message: Any) -> None:
            try:
                super().write(message)
            except OSError:  # the terminal was closed, which not everybody between it and us hands on as a signal
                if not stopping.is_set():
                    stopping.set()
                    os.kill(starter, signal.SIGTERM)

    class Manager(honcho.manager.Manager):
        def _start(self) -> None:
            super()._start()
            follower.start()

    outcome: list[int] = []
    running: list[subprocess.Popen[bytes]] = []
    stopping = threading.Event()

    def follow() -> None:
        """Wait for the web, run the command, stop everything if it failed or if it was all we are here for."""
        code = 1
        try:
            if _wait_for_web(environment, stopping) and not stopping.is_set():
                running.append(subprocess.Popen(command, env=environment, cwd=PROJECT))
                code = running[0].wait()
                if code == 0 and log is None:
                    _announce(environment)
                    return
            elif not stopping.is_set():
                print("The web server did not answer in time.", file=sys.stderr)
        finally:
            outcome.append(code)
        if not stopping.is_set():
            os.kill(starter, signal.SIGTERM)

    def watch() -> None:
        stack.keeper.wait()
        if not stopping.is_set():
            os.kill(starter, signal.SIGTERM)

    starter = os.getpid()
    follower = threading.Thread(target=follow, daemon=True)
    honcho.manager.KILL_WAIT = STOP_SECONDS + 5  # as long as the web server may take for its last answers
    manager = Manager(Printer(log or sys.stdout))
    manager._process_ctor = Process
    for name, line in procfile().items():
        manager.add_process(name, line, env=environment, cwd=str(PROJECT))
    threading.Thread(target=watch, daemon=True).start()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGHUP, lambda number, frame: os.kill(starter, signal.SIGTERM))
    manager.loop()
    stopping.set()
    for number, handler in handlers.items():
        signal.signal(number, handler)
    for process in running:
        if process.poll() is None:
            process.terminate()
    follower.join(STOP_SECONDS)
    if stack.keeper.poll() is not None:
        print(f"The servers ended; see the logs in {stack.folder}.", file=sys.stderr)
        return 1
    if log is not None or (outcome and outcome[0]):
        return outcome[0] if outcome else 1
    return 0 if manager.returncode in (130, 143) else manager.returncode or 1


def _wait_for_web(environment: Mapping[str, str], stopping: threading.Event) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and not stopping.is_set():
        try:
            with opener.open(f"http://127.0.0.1:{environment['PORT']}/health/", timeout=5):
                if is_taken(int(environment["EMULATOR_PORT"])):
                    return True
        except OSError:
            pass
        stopping.wait(0.1)
    return False


def _announce(environment: Mapping[str, str]) -> None:
    lines = [
        "",
        f"    Purpose Jobs   {environment['PUBLIC_URL']}",
        f"    ATS emulator   http://127.0.0.1:{environment['EMULATOR_PORT']}",
        "    Ctrl-C stops everything; the data stay.",
        "",
    ]
    print("\n".join(lines), flush=True)


def _port(name: str, usual: int, what: str) -> str:
    wanted = int(os.environ.get(name) or usual)
    port = free_port(wanted)
    if port != wanted:
        print(f"Port {wanted} is taken; {what} uses {port}.", flush=True)
    return str(port)


def _whole_environment(stack: Stack, ports: Mapping[str, str]) -> dict[str, str]:
    names = {**ports, "FOLDER": str(stack.folder)}
    environment = {**os.environ, **local_environment(stack.folder, names), **stack.environment}
    # Celery warns root on every start, which is what a container or a fresh machine often is.
    environment.setdefault("PYTHONWARNINGS", "ignore:You're running the worker with superuser privileges")
    environment |= {"PORT": ports["WEB_PORT"], "EMULATOR_PORT": ports["EMULATOR_PORT"], "PYTHONUNBUFFERED": "1"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return environment


def _manage(environment: Mapping[str, str], stack: Stack, *arguments: str) -> None:
    code = run_command([sys.executable, str(PROJECT / "manage.py"), *arguments], environment, stack)
    if code > 128:
        raise KeyboardInterrupt
    if code:
        raise StackError(f"manage.py {' '.join(arguments)} failed.")


def demo() -> int:
    """Run the whole product with demo data, until Ctrl-C."""
    with local_stack(LOCAL / "demo") as stack:
        web, emulator = _port("PORT", 8000, "Purpose Jobs"), _port("EMULATOR_PORT", 9100, "the emulator")
        environment = _whole_environment(stack, {"WEB_PORT": web, "EMULATOR_PORT": emulator})
        environment["DEMO"] = os.environ.get("DEMO", "1")
        if os.environ.get("RELOAD", "0") not in ("", "0"):
            environment |= {"DEBUG": "1", "GUNICORN_CMD_ARGS": "--reload --workers 1"}
        else:
            _manage(environment, stack, "collectstatic", "--noinput", "--verbosity", "0")
        _manage(environment, stack, "migrate", "--database", "owner", "--noinput", "--verbosity", "1")
        return serve(stack, [sys.executable, "manage.py", "demo_data"], environment)


def serve_once(folder: Path, command: Sequence[str]) -> int:
    """Run the product from nothing on free ports, a command against it, and give the command's exit code."""
    with local_stack(folder, throwaway=True) as stack:
        if not os.environ.get("DATABASE_URL"):
            _empty_database(stack)
        for name in ("media", "mail"):
            shutil.rmtree(stack.folder / name, ignore_errors=True)
        for file in stack.folder.glob("emulator.sqlite3*"):
            file.unlink()
        environment = _whole_environment(stack, {"WEB_PORT": str(free_port()), "EMULATOR_PORT": str(free_port())})
        _manage(environment, stack, "collectstatic", "--noinput", "--verbosity", "0")
        _manage(environment, stack, "migrate", "--database", "owner", "--noinput", "--verbosity", "0")
        with open(stack.folder / "processes.log", "w") as log:
            code = serve(stack, command, environment, log=log)
        if code:
            print(f"What the processes said: {log.name}", file=sys.stderr)
        return code


def _empty_database(stack: Stack) -> None:
    import psycopg2

    connection = psycopg2.connect(stack.database_owner_url.replace(f"/{OWNER}?", "/postgres?"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {OWNER} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {OWNER}")
    connection.close()


def run(folder: Path, command: Sequence[str], *, throwaway: bool) -> int:
    """Run a command with both servers beside it and free ports in its environment."""
    with local_stack(folder, throwaway=throwaway) as stack:
        environment = _whole_environment(stack, {"WEB_PORT": str(free_port()), "EMULATOR_PORT": str(free_port())})
        return run_command(command, environment, stack)


def with_environment(command: Sequence[str]) -> int:
    """Run a command that needs settings but no servers: types, checks."""
    nowhere = {
        name: f"postgresql://{name.lower()}@/none?host=/nowhere" for name in ("DATABASE_URL", "DATABASE_OWNER_URL")
    }
    ports = {"WEB_PORT": "8000", "EMULATOR_PORT": "9100", "FOLDER": str(LOCAL / "none")}
    environment = {**nowhere, "REDIS_URL": "redis://127.0.0.1:1/0", **os.environ}
    return run_command(command, {**environment, **local_environment(LOCAL / "none", ports)})


def run_process(name: str) -> None:
    """Become one of the Procfile's processes: what a container does."""
    if name not in procfile():
        raise StackError(f"The Procfile has no process {name!r}; it has {', '.join(procfile())}.")
    os.execvp("sh", ["sh", "-c", f"exec {procfile()[name]}"])
