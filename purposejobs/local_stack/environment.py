"""The environment of local runs: variables, secrets, ports, and the commands of the Procfile."""

from __future__ import annotations

import base64
import json
import os
import re
import secrets
import socket
import string
from collections.abc import Mapping
from pathlib import Path

from purposejobs.local_stack import PROJECT


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
            value = made.setdefault(name, secrets.token_hex(32))  # no "-" first: it is an argument too
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
    if wanted and not is_taken(wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_taken(port: int) -> bool:
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
