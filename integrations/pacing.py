"""The shared rate-limit bucket in Redis: one per account at an ATS, spent before the call by every process.

A token is one Data API call. Buckets fill at the provider's rate up to our burst, which stays under the vendor's own
(equal buckets on both ends produce 429s). A bucket that Redis lost starts empty, so a restart is no burst. If Redis is
away, `PacingAway` is raised and nothing is sent unpaced.
"""

import math
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

# A bucket nobody uses is forgotten after this; it would be full by then, and starts empty again: one second's wait.
FORGET_SECONDS = 3600

# KEYS: bucket. ARGV: wanted, rate a second, burst, seconds until forgotten. Time is Redis's own: clocks cannot differ.
# Returns what was granted, how many seconds a pause still lasts, and what is left.
TAKE = """
local now = redis.call('TIME')
local seconds = now[1] + now[2] / 1000000
local wanted, rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local bucket = redis.call('HMGET', KEYS[1], 'tokens', 'at', 'paused_until')
local tokens, at = tonumber(bucket[1] or '0'), tonumber(bucket[2] or seconds)
tokens = math.min(burst, tokens + math.max(0, seconds - at) * rate)
local paused = tonumber(bucket[3] or '0') - seconds
local granted = 0
if paused <= 0 then granted = math.max(0, math.min(wanted, math.floor(tokens + 0.000001))) end
redis.call('HSET', KEYS[1], 'tokens', tokens - granted, 'at', seconds)
redis.call('EXPIRE', KEYS[1], ARGV[4])
return {granted, tostring(math.max(paused, 0)), tostring(tokens - granted)}
"""

# KEYS: bucket. ARGV: tokens to add (negative: calls made beyond what was taken), burst.
CORRECT = """
local tokens = tonumber(redis.call('HGET', KEYS[1], 'tokens') or '0')
redis.call('HSET', KEYS[1], 'tokens', math.min(tonumber(ARGV[2]), tokens + tonumber(ARGV[1])))
"""

# KEYS: bucket. ARGV: seconds to stop. After a "too many" our count is wrong: the bucket starts again from nothing.
PAUSE = """
local now = redis.call('TIME')
local seconds = now[1] + now[2] / 1000000
local before = tonumber(redis.call('HGET', KEYS[1], 'paused_until') or '0')
redis.call('HSET', KEYS[1], 'paused_until', math.max(before, seconds + tonumber(ARGV[1])),
           'tokens', 0, 'at', seconds + tonumber(ARGV[1]))
redis.call('EXPIRE', KEYS[1], 3600)
"""


class PacingAway(Exception):
    """Redis cannot be asked, so nothing may be sent."""


@dataclass(frozen=True, slots=True)
class Grant:
    """How many calls may be made now, how long a pause lasts (seconds), and what is left in the bucket."""

    granted: int
    paused: float
    left: float


@cache
def redis_client() -> Redis:
    """Return this process's connection to Redis, with short time-outs."""
    timeout = settings.REDIS_TIMEOUT_SECONDS
    return Redis.from_url(settings.REDIS_URL, socket_timeout=timeout, socket_connect_timeout=timeout)


class Bucket:
    """The bucket of one account. `rate` is in calls a second, `burst` in calls."""

    def __init__(self, name: str, rate: float, burst: float) -> None:
        self.key = f"pace:{name}"
        self.rate = settings.EXPORTS["rate_per_second"] or rate
        self.burst = settings.EXPORTS["burst"] or burst

    def take(self, wanted: int) -> Grant:
        """Take up to `wanted` tokens. Raises PacingAway."""
        granted, paused, left = self._run(TAKE, wanted, self.rate, self.burst, FORGET_SECONDS)
        return Grant(int(granted), float(paused), float(left))

    def give_back(self, tokens: int) -> None:
        """Return tokens that were not used; a negative number is for calls made beyond what was taken."""
        if tokens:
            self._run(CORRECT, tokens, self.burst)

    def pause(self, seconds: float) -> None:
        """Let nobody call for this long: the vendor said "too many"."""
        self._run(PAUSE, seconds)

    def seconds_until(self, tokens: int, grant: Grant) -> float:
        """Return how long after a grant so many tokens will have come."""
        missing = max(0.0, min(tokens, math.floor(self.burst)) - grant.left)
        return grant.paused + missing / self.rate

    def _run(self, script: str, *arguments: float) -> list[bytes]:
        try:
            return redis_client().register_script(script)(keys=[self.key], args=list(arguments))
        except (RedisError, OSError) as error:
            raise PacingAway from error
