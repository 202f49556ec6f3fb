"""Grants and tokens: POST /oauth/token, POST /oauth/revoke, and what "Revoke Access" does.

Lever's OAuth is an Auth0 tenant; where Lever is silent, this does what Auth0 is known to do.
"""

import base64
import hashlib
import hmac
import json
import secrets
import urllib.parse
from typing import Any

from lever_emulator.account import Account, Row
from lever_emulator.calls import Answer, Call, Caller, Form, json_answer
from lever_emulator.store import Store, new_id

CODE_SECONDS = 600
IDLE_MS = 90 * 86_400_000  # a refresh token dies after 90 days without use ...
LIFE_MS = 365 * 86_400_000  # ... or a year after consent, refreshed or not (whether a refresh restarts it: unknown)
HEADER = {"alg": "HS512", "v": "2.0", "kid": "emulator"}


class TokenError(Exception):
    """A refusal of the token endpoint."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description

    def answer(self) -> Answer:
        """Return OAuth's error body."""
        return json_answer({"error": self.error, "error_description": self.description}, self.status)


def token_endpoint(call: Call) -> Answer:
    """Exchange a code, or refresh."""
    try:
        form = _form(call)
        app = _authenticated(call.store, form)
        kind = form.get("grant_type")
        if kind == "authorization_code":
            return _exchange(call, app, form)
        if kind == "refresh_token":
            return _refresh(call, app, form)
        if not kind:
            raise TokenError(400, "invalid_request", "Missing required parameter: grant_type")
        raise TokenError(403, "unauthorized_client", f"Grant type '{kind}' not allowed for the client.")
    except TokenError as error:
        return error.answer()


def revoke_endpoint(call: Call) -> Answer:
    """Revoke a refresh token and with it the grant; an unknown token is a 200 as well."""
    try:
        form = _form(call)
        app = _authenticated(call.store, form)
        token = form.get("token")
        if not token:
            raise TokenError(400, "invalid_request", "Missing required parameter: token")
        row = call.store.refresh_tokens.get(token)
        if row and row["app"] == app["id"]:
            forget_grant(call.store, row["grant"])
        return Answer(200)
    except TokenError as error:
        return error.answer()


def caller_of(store: Store, headers: dict[bytes, bytes]) -> Caller | None:
    """Return who calls the Data API, None if nobody that is known or still welcome."""
    kind, _, value = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if kind.lower() == "bearer":
        row = store.access_tokens.get(value.strip())
        if row is None or row["expires_at"] <= store.clock.now():
            return None
        account = store.accounts[row["account"]]
        scopes = frozenset(row["scopes"])
        return Caller(account, row["app"], scopes, row["user"], "confidential:access:admin" in scopes)
    if kind.lower() == "basic":
        try:
            key = base64.b64decode(value, validate=True).decode().partition(":")[0]
        except ValueError:
            return None
        if key in store.api_keys:
            account, row = store.api_keys[key]
            return Caller(account, key, None, None, bool(row.get("confidential")), row.get("permissions", "*"))
    return None


def account_of_refresh(call: Call) -> Account | None:
    """Return the account a refresh is about, so that faults and latency of one account reach its token calls."""
    try:
        form = _form(call)
    except TokenError:
        return None
    row = call.store.refresh_tokens.get(form.get("refresh_token", "")) or call.store.codes.get(form.get("code", ""))
    grant = call.store.grants.get(row["grant"]) if row else None
    return call.store.accounts[grant["account"]] if grant else None


# Grants


def find_grant(store: Store, app: str, user: str) -> Row | None:
    """Return the consent a user gave to an app."""
    for grant in store.grants.values():
        if grant["app"] == app and grant["user"] == user:
            return grant
    return None


def give_grant(store: Store, app: str, account: Account, user: str, scopes: list[str]) -> Row:
    """Write down a consent; growing scopes extend the one that is there."""
    grant = find_grant(store, app, user)
    if grant is None:
        key = new_id()
        grant = {
            "id": key,
            "app": app,
            "account": account.id,
            "user": user,
            "scopes": [],
            "created_at": store.clock.now(),
        }
        store.grants[key] = grant
    grant["scopes"] = list(dict.fromkeys([*grant["scopes"], *scopes]))
    store.save("grant", grant)
    return grant


def forget_grant(store: Store, key: str) -> None:
    """Revoke a consent: its access tokens die at once, its refresh tokens too."""
    store.grants.pop(key, None)
    store.forget("grant", key)
    for kind, table in (("access_token", store.access_tokens), ("refresh_token", store.refresh_tokens)):
        for token in [token for token, row in table.items() if row["grant"] == key]:
            del table[token]
            store.forget(kind, token)
    for code in [code for code, row in store.codes.items() if row["grant"] == key]:
        del store.codes[code]


def forget_grants_of_app(store: Store, account: Account, app: str) -> int:
    """Do what "Revoke Access" does: every consent of this account to that app ends."""
    keys = [grant["id"] for grant in store.grants.values() if grant["account"] == account.id and grant["app"] == app]
    for key in keys:
        forget_grant(store, key)
    return len(keys)


def forget_grants_of_user(store: Store, user: str) -> None:
    """End the consents a user gave."""
    for key in [grant["id"] for grant in store.grants.values() if grant["user"] == user]:
        forget_grant(store, key)


def new_code(store: Store, grant: Row, request: dict[str, Any]) -> str:
    """Return a code for ten minutes and one use."""
    code = secrets.token_urlsafe(30)
    store.codes[code] = {**request, "grant": grant["id"], "expires_at": store.clock.now() + CODE_SECONDS * 1000}
    return code


def issue_tokens(store: Store, grant: Row, scopes: list[str], audience: str, family: str | None = None) -> Row:
    """Return a token answer. `family` is the first refresh token's id, which carries the one-year clock."""
    account = store.accounts[grant["account"]]
    now = store.clock.now()
    seconds = int(store.switch("access_token_seconds", account))
    token = _jwt(store, grant, scopes, audience, now // 1000, seconds)
    row = {
        "id": token,
        "grant": grant["id"],
        "app": grant["app"],
        "account": grant["account"],
        "user": grant["user"],
        "scopes": scopes,
        "expires_at": now + seconds * 1000,
    }
    _sweep_access_tokens(store, now)
    store.access_tokens[token] = row
    store.save("access_token", row)
    answer: Row = {"access_token": token}
    if "offline_access" in scopes:
        refresh = f"v1.{secrets.token_urlsafe(36)}"
        kept = {
            "id": refresh,
            "grant": grant["id"],
            "app": grant["app"],
            "scopes": scopes,
            "audience": audience,
            "family": family or new_id(),
            "begun_at": now,
            "used_at": now,
            "spent": False,
        }
        store.refresh_tokens[refresh] = kept
        answer["refresh_token"] = refresh
        store.save("refresh_token", kept)
    return {**answer, "token_type": "Bearer", "scope": " ".join(scopes), "expires_in": seconds}


def expire_access_tokens(store: Store, account: Account | None) -> int:
    """Let access tokens run out now, of one account or of all; return how many."""
    now, count = store.clock.now(), 0
    for row in store.access_tokens.values():
        if (account is None or row["account"] == account.id) and row["expires_at"] > now:
            row["expires_at"] = now
            store.save("access_token", row)
            count += 1
    return count


def _exchange(call: Call, app: Row, form: dict[str, str]) -> Answer:
    store = call.store
    code = form.get("code")
    if not code:
        raise TokenError(400, "invalid_request", "Missing required parameter: code")
    row = store.codes.get(code)
    if row is None or row["app"] != app["id"] or row["expires_at"] <= store.clock.now():
        raise TokenError(403, "invalid_grant", "Invalid authorization code")
    redirect_uri = form.get("redirect_uri", row["redirect_uri"])
    if redirect_uri != row["redirect_uri"]:
        text = f"The redirect URI is wrong. You sent {redirect_uri}, and we expected {row['redirect_uri']}"
        raise TokenError(403, "unauthorized_client", text)
    if row["code_challenge"]:
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != row["code_challenge"]:
            raise TokenError(403, "invalid_grant", "Failed to verify code verifier")
    del store.codes[code]
    return json_answer(issue_tokens(store, store.grants[row["grant"]], row["scopes"], row["audience"]))


def _refresh(call: Call, app: Row, form: dict[str, str]) -> Answer:
    store, now = call.store, call.now
    token = form.get("refresh_token")
    if not token:
        raise TokenError(400, "invalid_request", "Missing required parameter: refresh_token")
    row = store.refresh_tokens.get(token)
    dead = TokenError(403, "invalid_grant", "Unknown or invalid refresh token.")
    if row is None or row["app"] != app["id"]:
        raise dead
    account = store.accounts[store.grants[row["grant"]]["account"]]
    rotation = store.switch("rotation", account)
    if row["spent"] and rotation != "lenient":
        if rotation == "family":  # Auth0's reuse detection: the whole family dies
            for key in [key for key, other in store.refresh_tokens.items() if other["family"] == row["family"]]:
                _drop_refresh_token(store, key)
        raise dead
    if now - row["used_at"] > IDLE_MS or now - row["begun_at"] > LIFE_MS:
        _drop_refresh_token(store, token)
        raise dead
    answer = issue_tokens(store, store.grants[row["grant"]], row["scopes"], row["audience"], row["family"])
    if "refresh_token" in answer:
        successor = store.refresh_tokens[answer["refresh_token"]]
        successor["begun_at"] = row["begun_at"]
        store.save("refresh_token", successor)
    row["used_at"] = now
    row["spent"] = True
    store.save("refresh_token", row)
    return json_answer(answer)


def _drop_refresh_token(store: Store, token: str) -> None:
    store.refresh_tokens.pop(token, None)
    store.forget("refresh_token", token)


def _sweep_access_tokens(store: Store, now: int) -> None:
    """Forget tokens that ran out long ago, oldest first; the dict keeps the order in which they were made."""
    for token, row in list(store.access_tokens.items())[:2]:
        if row["expires_at"] < now - 86_400_000:
            del store.access_tokens[token]
            store.forget("access_token", token)


def _form(call: Call) -> dict[str, str]:
    if call.content_type == "application/json":
        try:
            body = json.loads(call.body)
        except ValueError:
            raise TokenError(400, "invalid_request", "Invalid JSON") from None
        if not isinstance(body, dict):
            raise TokenError(400, "invalid_request", "The body must be a JSON object")
        return {name: value for name, value in body.items() if isinstance(value, str)}
    fields: Form = urllib.parse.parse_qs(call.body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}


def _authenticated(store: Store, form: dict[str, str]) -> Row:
    """Return the app whose id and secret stand in the body; a Basic header does not count."""
    for name in ("client_id", "client_secret"):
        if not form.get(name):
            raise TokenError(400, "invalid_request", f"Missing required parameter: {name}")
    app = store.apps.get(form["client_id"])
    if app is None or not hmac.compare_digest(app["client_secret"].encode(), form["client_secret"].encode()):
        raise TokenError(401, "access_denied", "Unauthorized")
    return app


def _jwt(store: Store, grant: Row, scopes: list[str], audience: str, now: int, seconds: int) -> str:
    """Return an access token with the claims of Lever's example."""
    claims = {
        "https://oauth.lever.co/userId": grant["user"],
        "https://oauth.lever.co/accountId": grant["account"],
        "https://oauth.lever.co/clientId": grant["app"],
        "iss": f"{store.settings.public_url}/",
        "sub": f"lever|{grant['user']}",
        "aud": audience,
        "azp": grant["app"],
        "iat": now,
        "exp": now + seconds,
        "scope": " ".join(scopes),
        "jti": secrets.token_hex(12),
    }
    signed = b".".join(_base64(json.dumps(part, separators=(",", ":")).encode()) for part in (HEADER, claims))
    signature = hmac.new(store.meta["jwt_key"].encode(), signed, hashlib.sha512).digest()
    return b".".join((signed, _base64(signature))).decode()


def _base64(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
