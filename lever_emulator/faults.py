"""Things that go wrong on purpose."""

import itertools
import random
import re
from dataclasses import dataclass, field
from typing import Any

STATUSES = (400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504)
KINDS = ("status", "slow", "drop_before", "drop_after", "half_body", "drip", "invalid_grant")
FIELDS = (
    "kind", "status", "endpoint", "method", "path", "account", "count", "share", "seed", "skip",
    "seconds", "when", "retry_after", "body",
)  # fmt: skip


@dataclass(slots=True)
class Fault:
    """One fault: which requests it hits, how often, and what happens to them."""

    id: str
    kind: str
    status: int = 500
    method: str | None = None
    path: str | None = None
    account: str | None = None
    count: int | None = None
    share: float | None = None
    seed: int | None = None
    skip: int = 0
    seconds: float = 5.0
    when: str = "after"
    retry_after: float | None = None
    body: Any = None
    seen: int = 0
    injected: int = 0
    _pattern: re.Pattern[str] | None = None
    _dice: random.Random = field(default_factory=random.Random)

    def hits(self, method: str, path: str, account: str | None) -> bool:
        """Say whether this request is to suffer, and count it if so."""
        if self.count is not None and self.injected >= self.count:
            return False
        if self.method and self.method != method:
            return False
        if self._pattern and not self._pattern.fullmatch(path):
            return False
        if self.account and self.account != account:
            return False
        self.seen += 1
        if self.seen <= self.skip:
            return False
        if self.share is not None and self._dice.random() >= self.share:
            return False
        self.injected += 1
        return True

    def as_json(self) -> dict[str, Any]:
        """Return what the control API shows."""
        shown = {name: getattr(self, name) for name in FIELDS if name != "endpoint"}
        spent = self.count is not None and self.injected >= self.count
        return {"id": self.id, **shown, "seen": self.seen, "injected": self.injected, "active": not spent}


class Faults:
    """The faults in force; the first that hits a request is the one it suffers."""

    def __init__(self) -> None:
        self._faults: dict[str, Fault] = {}
        self._numbers = itertools.count(1)
        self.injected: dict[str, int] = {}

    def add(self, wish: dict[str, Any]) -> Fault:
        """Set up a fault; anything not understood raises ValueError with a sentence."""
        fault = _fault_from(f"fault-{next(self._numbers)}", dict(wish))
        self._faults[fault.id] = fault
        return fault

    def all(self) -> list[Fault]:
        """Return faults in the order they were added."""
        return list(self._faults.values())

    def remove(self, key: str) -> bool:
        """Take one fault away."""
        return self._faults.pop(key, None) is not None

    def clear(self) -> None:
        """Take all faults away; the counts of what was injected start again."""
        self._faults.clear()
        self.injected.clear()

    def clear_rules(self) -> None:
        """Take all faults away and keep the counts."""
        self._faults.clear()

    def choose(self, method: str, path: str, account: str | None) -> Fault | None:
        """Return the fault this request suffers, if any."""
        for fault in self._faults.values():
            if fault.hits(method, path, account):
                name = str(fault.status) if fault.kind == "status" else fault.kind
                self.injected[name] = self.injected.get(name, 0) + 1
                return fault
        return None


def _fault_from(key: str, wish: dict[str, Any]) -> Fault:
    unknown = sorted(set(wish) - set(FIELDS))
    if unknown:
        raise ValueError(f"A fault has no {unknown[0]!r}. It has: {', '.join(FIELDS)}.")
    kind = str(wish.pop("kind", "status"))
    if kind.isdigit():  # {"kind": "503"} is short for {"kind": "status", "status": 503}
        wish["status"] = int(kind)
        kind = "status"
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}, or a status.")
    endpoint = wish.pop("endpoint", None)
    if endpoint is not None:
        method, _, path = str(endpoint).rpartition(" ")
        wish["path"] = path
        if method:
            wish["method"] = method
    if kind == "invalid_grant":
        wish.setdefault("path", "/oauth/token")
    if wish.get("method"):
        wish["method"] = str(wish["method"]).upper()
    fault = Fault(id=key, kind=kind, **{name: value for name, value in wish.items() if value is not None})
    if fault.kind == "status" and fault.status not in STATUSES:
        raise ValueError(f"status must be one of {', '.join(map(str, STATUSES))}.")
    if fault.when not in ("before", "after"):
        raise ValueError("when must be before (the request is handled late) or after (it is answered late).")
    for name in ("count", "share", "skip", "seconds", "retry_after"):
        value = getattr(fault, name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value < 0):
            raise ValueError(f"{name} must be a number that is not negative.")
    if fault.share is not None and fault.share > 1:
        raise ValueError("share must be between 0 and 1.")
    if fault.path:
        if not fault.path.startswith("/"):
            raise ValueError("path must begin with /, for example /v1/opportunities/*/notes.")
        fault._pattern = _pattern(fault.path)
    fault._dice = random.Random(fault.seed)
    return fault


def _pattern(path: str) -> re.Pattern[str]:
    """Compile a path: `*` and `{name}` stand for one segment, `**` for any number."""
    parts = re.split(r"(\*\*|\*|\{[^}]*\})", path)
    return re.compile(
        "".join(".*" if part == "**" else "[^/]+" if part[:1] in ("*", "{") else re.escape(part) for part in parts)
    )
