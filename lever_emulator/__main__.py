"""Start the emulator: python -m lever_emulator --port 9100."""

import argparse
import gc
import json
import os
import socket
import sqlite3
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import uvicorn

from lever_emulator.settings import SWITCHES, Settings, checked_switch


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaint is one sentence."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and exit with 2."""
        print(f"lever_emulator: {message}", file=sys.stderr)
        raise SystemExit(2)


def parser() -> Parser:
    """Return the command line."""
    made = Parser(
        prog="python -m lever_emulator", description="A stand-in for Lever: OAuth, Data API v1 and a web app."
    )
    made.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    made.add_argument("--port", type=int, default=9100, help="port to listen on (9100)")
    made.add_argument("--public-url", help="how browsers reach it (http://HOST:PORT)")
    made.add_argument("--state", metavar="FILE", help="keep everything in this SQLite file across restarts")
    made.add_argument(
        "--seed", action="append", default=[], metavar="FILE", help="an account to begin with; repeatable"
    )
    made.add_argument("--client-id", help="the partner app's client id")
    made.add_argument("--client-secret", help="its secret")
    made.add_argument("--app-name", help="its name on the consent page")
    made.add_argument(
        "--redirect-uri", action="append", default=[], metavar="URL", help="a registered callback; repeatable"
    )
    made.add_argument("--scope", action="append", default=[], help="a scope the app may ask for; repeatable")
    made.add_argument("--audience", action="append", default=[], help="accepted besides Lever's two; repeatable")
    made.add_argument("--access-token-seconds", type=int, metavar="N", help="life of an access token (3600)")
    made.add_argument("--latency", type=float, metavar="MS", help="milliseconds every API answer waits (0)")
    made.add_argument("--rate", type=float, help="requests a second per account and app (10)")
    made.add_argument("--burst", type=float, help="size of the bucket (20)")
    made.add_argument("--no-rate-limit", action="store_true", help="never answer 429 by itself")
    made.add_argument("--log-size", type=int, default=20_000, metavar="N", help="requests kept in the log (20000)")
    made.add_argument(
        "--switch",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help=f"any switch: {', '.join(SWITCHES)}; repeatable",
    )
    return made


def settings_from(arguments: list[str]) -> Settings:
    """Return checked settings; anything wrong ends the program with a sentence."""
    command = parser()
    given = command.parse_args(arguments)
    if not 1 <= given.port <= 65535:
        command.error("--port must be between 1 and 65535.")
    if given.log_size < 1:
        command.error("--log-size must be at least 1.")
    public_url = (given.public_url or f"http://{given.host}:{given.port}").rstrip("/")
    for option, url in [("--public-url", public_url), *(("--redirect-uri", url) for url in given.redirect_uri)]:
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
            command.error(f"{option} must be a whole address such as http://localhost:8000/callback/, not {url!r}.")
    for path in given.seed:
        _check_seed(command, path)
    if given.state:
        _check_state(command, given.state)
    try:
        switches = _switches(given)
    except ValueError as error:
        command.error(str(error))
    return Settings(
        host=given.host,
        port=given.port,
        public_url=public_url,
        state=given.state,
        seeds=given.seed,
        client_id=given.client_id,
        client_secret=given.client_secret,
        app_name=given.app_name,
        redirect_uris=given.redirect_uri,
        scopes=[scope for text in given.scope for scope in text.split()],
        audiences=given.audience,
        log_size=given.log_size,
        switches=switches,
    )


def _switches(given: argparse.Namespace) -> dict[str, Any]:
    wishes: dict[str, Any] = {}
    for text in given.switch:
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"--switch wants NAME=VALUE, not {text!r}.")
        try:
            wishes[name] = json.loads(value)
        except ValueError:
            wishes[name] = value
    options = {"latency_ms": given.latency, "rate": given.rate, "burst": given.burst}
    options["access_token_seconds"] = given.access_token_seconds
    wishes |= {name: value for name, value in options.items() if value is not None}
    if given.no_rate_limit:
        wishes["rate"] = None
    return {name: checked_switch(name, value) for name, value in wishes.items()}


def _check_seed(command: Parser, path: str) -> None:
    try:
        seed = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        command.error(f"--seed {path} cannot be read: {error}.")
    missing = [name for name in ("account", "users", "stages", "archiveReasons", "postings") if name not in seed]
    if missing:
        command.error(f"--seed {path} has no {missing[0]!r}; seed.json beside this program shows the form.")


def _check_state(command: Parser, path: str) -> None:
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA schema_version").fetchone()
        connection.execute("SELECT name FROM sqlite_master").fetchone()
        connection.close()
    except (OSError, sqlite3.Error) as error:
        command.error(f"--state {path} cannot be used: {error}.")


def _listener(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=4096)
    except OSError as error:
        parser().error(f"{settings.host}:{settings.port} cannot be listened on: {os.strerror(error.errno or 0)}.")


def main() -> None:
    """Run until told to stop."""
    settings = settings_from(sys.argv[1:])
    gc.set_threshold(50_000, 50, 50)  # with 100,000 opportunities a full collection would hold up answers, so: seldom
    listener = _listener(settings)
    from lever_emulator.app import Emulator  # after the arguments: a wrong one should be said at once
    from lever_emulator.wire import DroppableProtocol

    async def serve() -> None:
        config = uvicorn.Config(
            Emulator(settings),
            http=DroppableProtocol,
            loop="none",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,  # clients that keep connections open are not to meet a close by chance
            timeout_graceful_shutdown=3,
        )
        await uvicorn.Server(config).serve(sockets=[listener])

    print(f"Lever emulator on {settings.public_url}", flush=True)
    try:
        from uvloop import run
    except ImportError:  # uvloop has no wheel for Windows
        from asyncio import run  # type: ignore[assignment]
    with suppress(KeyboardInterrupt):
        run(serve())


if __name__ == "__main__":
    main()
