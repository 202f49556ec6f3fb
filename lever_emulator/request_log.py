"""What was asked of the emulator and how it ended: the last requests, and counts of all."""

from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(slots=True)
class Entry:
    """One request. `status` is 0 where no answer was sent; `duration_ms` counts from the last byte of the request."""

    number: int
    at: int
    method: str
    path: str
    template: str
    status: int
    account: str | None
    duration_ms: float
    fault: str | None


class RequestLog:
    """A bounded ring of entries and unbounded counters."""

    def __init__(self, size: int) -> None:
        self.entries: deque[Entry] = deque(maxlen=size)
        self.number = 0
        self.clear()

    def clear(self) -> None:
        """Start counting from zero."""
        self.entries.clear()
        self.by_endpoint: Counter[tuple[str, int]] = Counter()
        self.by_account: Counter[tuple[str, int]] = Counter()
        self.too_many = 0

    def add(
        self,
        at: int,
        method: str,
        path: str,
        template: str,
        status: int,
        account: str | None,
        duration_ms: float,
        fault: str | None,
    ) -> None:
        """Write down one request."""
        self.number += 1
        self.entries.append(Entry(self.number, at, method, path, template, status, account, duration_ms, fault))
        self.by_endpoint[f"{method} {template}", status] += 1
        if account:
            self.by_account[account, status] += 1

    def find(self, limit: int, **wanted: str | int | None) -> list[dict[str, Any]]:
        """Return the newest entries first; `wanted` narrows by method, template, path, status, account, fault."""
        found = []
        for entry in reversed(self.entries):
            if all(value is None or str(getattr(entry, name)) == str(value) for name, value in wanted.items()):
                found.append(asdict(entry))
                if len(found) == limit:
                    break
        return found

    def counters(self) -> dict[str, Any]:
        """Return totals: by endpoint and status, by status, by account, and the 429s of the rate limit itself."""
        endpoints: dict[str, dict[str, int]] = {}
        statuses: Counter[str] = Counter()
        for (endpoint, status), count in self.by_endpoint.items():
            endpoints.setdefault(endpoint, {})[str(status)] = count
            statuses[str(status)] += count
        accounts: dict[str, dict[str, int]] = {}
        for (account, status), count in self.by_account.items():
            accounts.setdefault(account, {})[str(status)] = count
        return {
            "requests": sum(statuses.values()),
            "by_endpoint": endpoints,
            "by_status": dict(statuses),
            "by_account": accounts,
            "answered_429": statuses["429"],
            "rate_limited": self.too_many,
        }
