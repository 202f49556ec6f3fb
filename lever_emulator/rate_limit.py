"""Lever's token bucket: 10 a second, bursts of 20, one bucket per account and app."""

import time


class Buckets:
    """Token buckets on the real clock, so that a pushed clock refills nothing."""

    def __init__(self) -> None:
        self._levels: dict[tuple[str, str], tuple[float, float]] = {}

    def take(self, key: tuple[str, str], rate: float, burst: float) -> float:
        """Take one token. Return 0, or the seconds until there is one again."""
        now = time.monotonic()
        level, seen = self._levels.get(key, (burst, now))
        level = min(burst, level + (now - seen) * rate)
        if level < 1:
            self._levels[key] = (level, now)
            return (1 - level) / rate
        self._levels[key] = (level - 1, now)
        return 0.0

    def clear(self) -> None:
        """Fill all buckets."""
        self._levels.clear()
