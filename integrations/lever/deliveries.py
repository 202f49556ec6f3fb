"""What Lever's webhooks deliver: read with care, since anybody can post anything to the address.

https://hire.lever.co/developer/documentation#webhooks. A delivery has no signature header; what proves it stands in its
body, and does not cover `data`: so nothing of `data` is believed but whom to look at again.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

# A delivery has some 500 bytes.
MOST_BYTES = 64 * 1024
# Lever's settings page keeps deliveries for two weeks and can run one again, as it was; a day more for its retries.
OLDEST = timedelta(days=15)
# Two computers' clocks may differ.
AHEAD = timedelta(minutes=10)


class NotADelivery(Exception):
    """What came cannot be a delivery, or could not be stored."""


@dataclass(frozen=True, slots=True, repr=False)
class Delivery:
    """`token` is its name, also when it is run again; `opportunity_id` is empty where it is about none."""

    token: str
    event: str
    signature: str
    # milliseconds, as they were signed
    triggered_ms: int
    opportunity_id: str
    is_test: bool
    body: dict[str, Any]

    @property
    def triggered_at(self) -> datetime:
        return datetime.fromtimestamp(self.triggered_ms / 1000, UTC)

    def is_timely(self, now: datetime) -> bool:
        """Say whether it was triggered so recently that Lever may still send it, and not in the future."""
        return _milliseconds(now - OLDEST) <= self.triggered_ms <= _milliseconds(now + AHEAD)


def read_delivery(content: bytes) -> Delivery:
    """Read a delivery's body. Raises NotADelivery."""
    try:
        body = json.loads(content.decode(), parse_constant=_refuse)
        # Half characters and endless numbers cannot be written as JSON again, nor stored.
        text = json.dumps(body, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, RecursionError):
        raise NotADelivery from None
    if not isinstance(body, dict) or "\\u0000" in text:
        raise NotADelivery
    data = body.get("data") or {}
    triggered_ms = body.get("triggeredAt")
    if not isinstance(data, dict) or not isinstance(triggered_ms, int) or isinstance(triggered_ms, bool):
        raise NotADelivery
    return Delivery(
        token=_word(body, "token", 120),
        event=_word(body, "event", 60),
        signature=_word(body, "signature", 200),
        triggered_ms=triggered_ms,
        opportunity_id=_opportunity_of(data),
        # The settings page's test says nothing about anybody.
        is_test=not data,
        body=body,
    )


def _opportunity_of(data: dict[str, Any]) -> str:
    """Return whom an event is about. `candidateId` is the old name of the same id; not all events are spelled out."""
    for name in ("opportunityId", "candidateId"):
        value = data.get(name)
        if isinstance(value, str) and 0 < len(value) <= 80:
            return value
    return ""


def _word(body: dict[str, Any], name: str, longest: int) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest:
        raise NotADelivery
    return value


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
