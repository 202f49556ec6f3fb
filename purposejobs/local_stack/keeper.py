"""The keeper: starts the servers, outlives whoever asked for them by a moment, and stops them."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import IO

from purposejobs.local_stack import StackError, ensure_roles
from purposejobs.local_stack.processes import end_marked, is_alive
from purposejobs.local_stack.servers import APPLICATION, OWNER, STOP_SECONDS, Postgres, Redis, Server

BUSY = 3  # our exit code when somebody else holds the folder


class _Stopped(Exception):
    pass


def keep(folder: Path, starter: int, *, throwaway: bool) -> int:
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
    end_marked(folder)
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
            if holder and is_alive(holder):
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
        postgres.start()
        servers.append(postgres)
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
