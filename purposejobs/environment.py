"""Read the environment: three small helpers, and a sentence when something is missing or makes no sense."""

import os
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"", "0", "false", "no", "off"}


def text(name: str, default: str | None = None) -> str:
    """Return a variable; without a default it must be there."""
    value = os.environ.get(name, "")
    if value:
        return value
    if default is None:
        raise ImproperlyConfigured(f"Set {name} in the environment; .env.example shows every variable.")
    return default


def flag(name: str, default: bool = False) -> bool:
    """Return a yes or no: 1, true, yes, on, or 0, false, no, off."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in TRUE | FALSE:
        return value.lower() in TRUE
    raise ImproperlyConfigured(f"{name} is {value!r}; write 1 or 0.")


def number(name: str, default: float, *, least: float = 0) -> float:
    """Return a number that is at least `least`."""
    value = os.environ.get(name, "")
    try:
        result = float(value) if value else default
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}; write a number.") from None
    if not least <= result < float("inf"):
        raise ImproperlyConfigured(f"{name} is {value!r}; it must be at least {least:g}.")
    return result


def keys(name: str) -> list[str]:
    """Return a list of Fernet keys, the newest first; at least one, and each a key."""
    found = [key.strip() for key in text(name).split(",") if key.strip()]
    for place, key in enumerate(found, 1):
        try:
            Fernet(key)
        except ValueError:
            raise ImproperlyConfigured(
                f"Key {place} of {name} is no Fernet key; .env.example says how to make one."
            ) from None
    if not found:
        raise ImproperlyConfigured(f"{name} holds no key.")
    return found


def database(name: str) -> dict[str, Any]:
    """Return Django's settings for a PostgreSQL address: postgres://user:password@host:port/name?host=/socket/folder."""
    address = urlsplit(text(name))
    if address.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured(f"{name} must start with postgresql://; PostgreSQL is the only database.")
    options = dict(parse_qsl(address.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(address.path.lstrip("/")),
        "USER": unquote(address.username or ""),
        "PASSWORD": unquote(address.password or ""),
        "HOST": options.pop("host", None) or unquote(address.hostname or ""),
        "PORT": options.pop("port", None) or address.port or "",
        "OPTIONS": options,
    }
