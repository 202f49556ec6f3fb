"""The emulator's own clock, which tests can push forward."""

import time


class Clock:
    """Wall clock in milliseconds plus an offset, so that a year passes in one call."""

    def __init__(self) -> None:
        self.offset_ms = 0

    def now(self) -> int:
        """Return milliseconds since the epoch, as Lever counts time."""
        return time.time_ns() // 1_000_000 + self.offset_ms

    def advance(self, seconds: float) -> None:
        """Move the clock by so many seconds, also backwards."""
        self.offset_ms += round(seconds * 1000)
