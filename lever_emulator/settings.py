"""What the emulator was started with, and the switches that can be thrown while it runs."""

from dataclasses import dataclass, field
from typing import Any

AUDIENCES = ("https://api.lever.co/v1/", "https://api.sandbox.lever.co/v1/")


@dataclass(slots=True)
class Settings:
    """Start-up choices; `__main__` fills them from the command line."""

    host: str = "127.0.0.1"
    port: int = 9100
    public_url: str = "http://127.0.0.1:9100"
    state: str | None = None
    seeds: list[str] = field(default_factory=list)
    client_id: str | None = None
    client_secret: str | None = None
    app_name: str | None = None
    redirect_uris: list[str] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    audiences: list[str] = field(default_factory=list)
    log_size: int = 20_000
    switches: dict[str, Any] = field(default_factory=dict)


# Switch, default, what may be set. None stands for "no limit" where it is allowed.
# The ones marked U are what nobody outside Lever knows; the integration has to bear every position.
SWITCHES: dict[str, tuple[Any, tuple[Any, ...] | str]] = {
    "latency_ms": (0, "number"),
    "rate": (10.0, "number or null"),
    "burst": (20, "number"),
    "retry_after": (False, "bool"),
    "access_token_seconds": (3600, "number"),
    "rotation": ("strict", ("strict", "lenient", "family")),  # U
    "multipart_phones": ("none", ("none", "json", "indexed", "brackets", "all")),  # U
    "known_person_links": ("stored", ("stored", "dropped")),  # U
    "closed_postings": ("accept", ("accept", "reject")),  # U
    "deactivation_kills_grants": (False, "bool"),  # U
    "require_perform_as": (False, "bool"),  # U: one client saw 400 on every write without it
    "quirks": (True, "bool"),
    "http_webhooks": (True, "bool"),  # plain http is taken for loopback addresses
    "webhooks_in_package": (True, "bool"),  # off: creating one is refused, as for customers without the package
    "webhook_deliveries": (True, "bool"),  # off: changes are told to nobody, silently
    "webhook_api_changes": (True, "bool"),  # U: whether changes made through the API are told as well
    "webhook_doubled": (0, "share"),
    "webhook_shuffle_seconds": (0, "number"),
    "webhook_delay_seconds": (0, "number"),
    "webhook_retry_scale": (1, "number"),  # the gaps between tries are U: 10 s, 1 min, 5 min, 30 min, 2 h
    "webhook_timeout_seconds": (10, "number"),  # U
}


def checked_switch(name: str, value: Any) -> Any:
    """Return the value as the switch wants it; a wrong name or value raises ValueError with a sentence."""
    if name not in SWITCHES:
        raise ValueError(f"There is no switch {name!r}. There are: {', '.join(sorted(SWITCHES))}.")
    _, allowed = SWITCHES[name]
    if isinstance(allowed, tuple):
        if value not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(allowed)}.")
        return value
    if allowed == "bool":
        if not isinstance(value, bool):
            raise ValueError(f"{name} must be true or false.")
        return value
    if value is None and allowed == "number or null":
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise ValueError(f"{name} must be a number that is not negative.")
    if allowed == "share" and value > 1:
        raise ValueError(f"{name} must be between 0 and 1.")
    if name in ("rate", "burst", "access_token_seconds", "webhook_timeout_seconds") and value == 0:
        raise ValueError(f"{name} must be more than zero.")
    return value
