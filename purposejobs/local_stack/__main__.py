"""The command line: `python -m purposejobs.local_stack --help`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from purposejobs.local_stack import LOCAL, StackError, ensure_roles
from purposejobs.local_stack.processes import dying_with_parent


def main(arguments: Sequence[str]) -> int:
    own, command = list(arguments), []
    if "--" in own:
        own, command = own[: own.index("--")], own[own.index("--") + 1 :]
    if own and own[0] == "keep":
        from purposejobs.local_stack.keeper import keep

        return keep(Path(own[1]), int(own[2]), throwaway="--throwaway" in own)
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
    from purposejobs.local_stack import serving

    if chosen.action == "process":
        serving.run_process(chosen.name)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    if "MAKELEVEL" in os.environ and (before_exec := dying_with_parent(signal.SIGTERM, of=os.getppid())):
        before_exec()  # make does not hand on every signal; when it is gone, so are we
    if chosen.action == "demo":
        return serving.demo()
    if chosen.action == "serve":
        return serving.serve_once(LOCAL / chosen.folder, command)
    if chosen.action == "env":
        return serving.with_environment(command)
    return serving.run(LOCAL / chosen.folder, command, throwaway=chosen.throwaway)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except StackError as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit(130)
