"""Who is signed in to the pages: one signed cookie with a user's id. There are no passwords; one picks a person."""

import hashlib
import hmac

from starlette.requests import Request
from starlette.responses import Response

from lever_emulator.account import Account, Row
from lever_emulator.store import Store

COOKIE = "lever_emulator_session"


def signed_in(store: Store, request: Request) -> tuple[Account, Row] | None:
    """Return account and user of the cookie, None if it is missing, wrong or the user is no longer active."""
    key, _, signature = request.cookies.get(COOKIE, "").partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(store, key).encode()):
        return None
    for account in store.accounts.values():
        user = account.users.get(key)
        if user is not None and user["deactivatedAt"] is None:
            return account, user
    return None


def find_user(store: Store, key: str) -> tuple[Account, Row] | None:
    """Return a user of any account."""
    for account in store.accounts.values():
        if key in account.users:
            return account, account.users[key]
    return None


def sign_in(store: Store, response: Response, key: str) -> None:
    """Put a user's cookie on a response."""
    response.set_cookie(COOKIE, f"{key}.{_signature(store, key)}", httponly=True, samesite="lax", path="/")


def sign_out(response: Response) -> None:
    """Take the cookie away."""
    response.delete_cookie(COOKIE, path="/")


def local_path(wish: str | None) -> str:
    """Return an address within the emulator to go on to."""
    if wish and wish.startswith("/") and not wish.startswith(("//", "/\\")):
        return wish
    return "/"


def _signature(store: Store, key: str) -> str:
    return hmac.new(store.meta["session_key"].encode(), key.encode(), hashlib.sha256).hexdigest()[:32]
