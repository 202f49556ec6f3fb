"""A cache on Redis that never costs a page: when Redis is away every lookup misses and every write is let go."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

# After a failure Redis rests for a moment: a frozen server then costs one short time-out, not one per lookup.
REST_SECONDS = 2.0


def fail_open(name: str, without: Callable[..., Any]) -> Callable[..., Any]:
    """Return the cache's method `name`, answering `without(...)` while Redis is away."""
    method = getattr(RedisCache, name)

    @wraps(method)
    def careful(self: "FailOpenRedisCache", *args: Any, **options: Any) -> Any:
        if time.monotonic() < self.resting_until:
            return without(*args, **options)
        try:
            return method(self, *args, **options)
        except (RedisError, OSError):
            type(self).resting_until = time.monotonic() + REST_SECONDS
            return without(*args, **options)

    return careful


class FailOpenRedisCache(RedisCache):
    """Rate limits count here; without Redis they allow (an `add` succeeds, a `get` misses)."""

    resting_until = 0.0

    add = fail_open("add", lambda key, value, **options: True)
    get = fail_open("get", lambda key, default=None, version=None: default)
    set = fail_open("set", lambda *args, **options: None)
    touch = fail_open("touch", lambda *args, **options: False)
    delete = fail_open("delete", lambda *args, **options: False)
    get_many = fail_open("get_many", lambda *args, **options: {})
    set_many = fail_open("set_many", lambda *args, **options: [])
    has_key = fail_open("has_key", lambda *args, **options: False)
    incr = fail_open("incr", lambda key, delta=1, version=None: delta)
    clear = fail_open("clear", lambda: False)
