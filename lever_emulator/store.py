"""Everything the emulator knows: accounts, apps, grants, tokens, switches."""

import json
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lever_emulator.account import TABLES, Account, Row
from lever_emulator.clock import Clock
from lever_emulator.deliveries import Deliveries
from lever_emulator.faults import Faults
from lever_emulator.rate_limit import Buckets
from lever_emulator.request_log import RequestLog
from lever_emulator.seeds import load_seed
from lever_emulator.settings import SWITCHES, Settings
from lever_emulator.state_file import Blobs, StateFile

SEED = Path(__file__).with_name("seed.json")


def new_id() -> str:
    """Return an id as Lever makes them."""
    return str(uuid.uuid4())


class Store:
    """The state of one emulator process, in memory and (with a state file) behind it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = Clock()
        self.faults = Faults()
        self.buckets = Buckets()
        self.log = RequestLog(settings.log_size)
        self.deliveries = Deliveries(self)
        self.in_api_call = False  # handlers run to their end without a pause, so one flag is enough
        self.hushed = False
        self.state = StateFile(settings.state) if settings.state else None
        self.blobs = Blobs(f"{settings.state}-files" if settings.state else None)
        self._empty()
        if self.state and self._load(self.state):
            self._take_app_from_settings(replace=False)
        else:
            self._plant()

    def _empty(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.apps: dict[str, Row] = {}
        self.api_keys: dict[str, tuple[Account, Row]] = {}
        self.grants: dict[str, Row] = {}
        self.codes: dict[str, Row] = {}
        self.access_tokens: dict[str, Row] = {}
        self.refresh_tokens: dict[str, Row] = {}
        self.meta: Row = {"id": "meta", "session_key": secrets.token_hex(32), "jwt_key": secrets.token_hex(64)}
        self.switches: dict[str, Any] = {name: default for name, (default, _) in SWITCHES.items()}
        self.switches |= self.settings.switches

    # Switches

    def switch(self, name: str, account: Account | None = None) -> Any:
        """Return how a switch stands, for one account if it has a position of its own."""
        if account is not None and name in account.row["_switches"]:
            return account.row["_switches"][name]
        return self.switches[name]

    def throw(self, name: str, value: Any, account: Account | None = None) -> None:
        """Set a switch that was checked, for all or for one account."""
        if account is None:
            self.switches[name] = value
            self.save_meta()
        else:
            account.row["_switches"][name] = value
            account.save_self()

    def advance(self, seconds: float) -> None:
        """Push the clock; what is due by then is sent."""
        self.clock.advance(seconds)
        self.deliveries.wake()
        self.save_meta()

    @contextmanager
    def hush(self) -> Iterator[None]:
        """Let changes be made that subscribers are not told about: a crowd to begin with."""
        self.hushed = True
        try:
            yield
        finally:
            self.hushed = False

    # Rows

    def save(self, kind: str, row: Row, account_id: str = "") -> None:
        """Have a row stored, or forgotten where it is marked `_gone`."""
        if self.state:
            self.state.mark(kind, row["id"], account_id, None if row.get("_gone") else row)

    def forget(self, kind: str, key: str) -> None:
        """Have a stored row forgotten."""
        if self.state:
            self.state.mark(kind, key, "", None)

    def save_meta(self) -> None:
        """Have clock, switches and keys stored."""
        self.save("meta", self.meta | {"offset_ms": self.clock.offset_ms, "switches": dict(self.switches)})

    def keep_bytes(self, content: bytes) -> str:
        """Store the bytes of a file; return their SHA-256."""
        digest, place = self.blobs.put(content)
        if place is not None:
            self.save("blob", {"id": digest, "place": list(place)})
        return digest

    def add_account(self, row: Row) -> Account:
        """Take in an account: its own row only."""
        row.setdefault("_switches", {})
        row.setdefault("apiKeys", [])
        account = Account(row, self.save)
        self.accounts[account.id] = account
        for key in row["apiKeys"]:
            self.api_keys[key["key"]] = (account, key)
        account.save_self()
        return account

    def add_app(self, row: Row) -> Row:
        """Register a partner's app; the same client id again replaces it."""
        row = {"id": row["client_id"], **row}
        self.apps[row["id"]] = row
        self.save("app", row)
        return row

    def find_opportunity(self, key: str) -> tuple[Account, Row] | None:
        """Return an opportunity of any account."""
        for account in self.accounts.values():
            if key in account.opportunities:
                return account, account.opportunities[key]
        return None

    # Starting, starting over, stopping

    def reset(self) -> None:
        """Forget everything and begin with the seeds again."""
        if self.state:
            self.state.wipe()
        self.blobs.wipe()
        self.clock.offset_ms = 0
        self.faults.clear()
        self.buckets.clear()
        self.log.clear()
        self.deliveries.clear()
        self._empty()
        self._plant()

    def _plant(self) -> None:
        for path in self.settings.seeds or [str(SEED)]:
            load_seed(self, json.loads(Path(path).read_text(encoding="utf-8")))
        self._take_app_from_settings(replace=True)
        self.save_meta()

    def _take_app_from_settings(self, *, replace: bool) -> None:
        """Put the app of the command line in, in place of the seed's if nothing was stored."""
        settings = self.settings
        given = (settings.client_id, settings.client_secret, settings.app_name, settings.redirect_uris, settings.scopes)
        if not any(given):
            return
        model: Row = self.apps.get(settings.client_id or "") or next(iter(self.apps.values()), {})
        if replace and model:
            del self.apps[model["id"]]
            self.forget("app", model["id"])
        self.add_app(
            {
                "client_id": settings.client_id or model["client_id"],
                "client_secret": settings.client_secret or model["client_secret"],
                "name": settings.app_name or model.get("name", "Partner"),
                "redirect_uris": settings.redirect_uris or model.get("redirect_uris", []),
                "scopes": settings.scopes or model.get("scopes", []),
            }
        )

    def _load(self, state: StateFile) -> bool:
        rows = list(state.rows())
        known: dict[str, dict[str, Row]] = {
            "app": self.apps,
            "grant": self.grants,
            "access_token": self.access_tokens,
            "refresh_token": self.refresh_tokens,
        }
        for kind, _, row in rows:
            if kind == "account":
                self.add_account(row)
            elif kind == "meta":
                self.clock.offset_ms = row.pop("offset_ms")
                self.switches |= row.pop("switches") | self.settings.switches
                self.meta = row
            elif kind == "blob":
                self.blobs.remember(row["id"], tuple(row["place"]))
        for kind, account_id, row in rows:
            if kind in known:
                known[kind][row["id"]] = row
            elif kind in TABLES and account_id in self.accounts:
                self.accounts[account_id].load(kind, row)
        return bool(self.accounts)

    def close(self) -> None:
        """Write what is not written yet."""
        if self.state:
            self.state.close()
