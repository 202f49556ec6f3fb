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

import contextlib
import json
import os
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent.parent
LOCAL = PROJECT / ".local"
KEEPER_SECONDS = 70  # the keeper's own limits for what the commands left and for the servers, one after the other
MARK = "PURPOSEJOBS_STACK"  # in the environment of everything a stack runs; its value is the stack's folder


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


def _start_keeper(folder: Path, *, throwaway: bool) -> subprocess.Popen[str]:
    named = [name for name in ("DATABASE_URL", "DATABASE_OWNER_URL") if os.environ.get(name)]
    if len(named) == 1:
        raise StackError(f"{named[0]} is set alone: set DATABASE_URL and DATABASE_OWNER_URL both, or neither.")
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "purposejobs.local_stack", "keep", str(folder), str(os.getpid())]
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
            cwd=PROJECT,
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
    for insist in (keeper.terminate, keeper.kill, None):
        try:
            keeper.wait(KEEPER_SECONDS)
            break
        except subprocess.TimeoutExpired:
            if insist:
                insist()
        except KeyboardInterrupt:  # impatience must not leave servers behind; the keeper has its own limits
            keeper.terminate()
    keeper.stdout.close()
