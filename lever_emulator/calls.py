"""One request to the Data API or the token endpoint, as handlers see it, and the answers they give."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from lever_emulator.account import Account, Row

if TYPE_CHECKING:
    from lever_emulator.store import Store

JSON = b"application/json; charset=utf-8"
Form = dict[str, list[str]]
CODES = {
    400: "BadRequestError",
    401: "UnauthorizedError",
    403: "ForbiddenError",
    404: "ResourceNotFound",
    409: "ConflictError",
    422: "UnprocessableEntityError",
    429: "TooManyRequestsError",
    500: "InternalServerError",
    502: "BadGatewayError",
    503: "ServiceUnavailableError",
    504: "GatewayTimeoutError",
}


@dataclass(slots=True)
class Answer:
    """What goes back over the wire."""

    status: int
    body: bytes = b""
    content_type: bytes = JSON
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)


class Refusal(Exception):
    """A request that Lever would refuse: status, code word and message of the error envelope."""

    def __init__(self, status: int, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code or CODES[status]

    def answer(self) -> Answer:
        """Return Lever's error envelope."""
        return json_answer({"code": self.code, "message": self.message}, self.status)


def json_answer(value: Any, status: int = 200) -> Answer:
    """Return a JSON answer as it stands."""
    return Answer(status, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def enveloped(value: Any, status: int = 200, **top: Any) -> Answer:
    """Return Lever's envelope: `{"data": ...}`, with further top-level fields before it."""
    return json_answer({**top, "data": value}, status)


def bad_request(message: str) -> Refusal:
    """Return a 400 to raise."""
    return Refusal(400, message)


def not_found(collection: str, key: Any) -> Refusal:
    """Return Lever's 404 for a missing object, to raise."""
    return Refusal(404, f"{collection} {key} was not found")


@dataclass(slots=True)
class Caller:
    """Who calls: an app with a grant, or a customer's API key. `scopes` of None means all."""

    account: Account
    app: str
    scopes: frozenset[str] | None
    user: str | None
    confidential: bool
    permissions: Any = "*"

    def may(self, resource: str, act: str) -> bool:
        """Say whether a scope covers it; a write scope includes its read."""
        if self.scopes is None:
            return self.permissions == "*" or f"{resource}:{act}" in self.permissions
        if f"{resource}:write:admin" in self.scopes:
            return True
        return act == "read" and f"{resource}:read:admin" in self.scopes


class Call:
    """One request, read completely."""

    __slots__ = ("body", "caller", "files", "headers", "method", "params", "path", "query", "store")

    def __init__(
        self, store: Store, method: str, path: str, query: Form, headers: dict[bytes, bytes], body: bytes
    ) -> None:
        self.store = store
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.params: dict[str, str] = {}
        self.caller: Caller | None = None
        self.files: list[Upload] = []

    @property
    def account(self) -> Account:
        """The account the token belongs to."""
        assert self.caller is not None
        return self.caller.account

    @property
    def now(self) -> int:
        """The emulator's time in milliseconds."""
        return self.store.clock.now()

    @property
    def content_type(self) -> str:
        """The media type of the body, without parameters."""
        return self.headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()

    def many(self, name: str) -> list[str]:
        """Return all values of a repeatable parameter, with or without `[]`."""
        return self.query.get(name, []) + self.query.get(f"{name}[]", [])

    def one(self, name: str) -> str | None:
        """Return a parameter's first value."""
        values = self.query.get(name)
        return values[0] if values else None

    def flag(self, name: str) -> bool | None:
        """Return a boolean parameter, None if absent."""
        value = self.one(name)
        if value is None:
            return None
        if value not in ("true", "false"):
            raise bad_request(f"Invalid value for parameter {name}: must be true or false")
        return value == "true"

    def millis(self, name: str) -> int | None:
        """Return a time parameter in milliseconds, None if absent."""
        value = self.one(name)
        if value is None:
            return None
        try:
            return int(value)
        except ValueError:
            raise bad_request(f"Invalid value for parameter {name}: must be a timestamp in milliseconds") from None

    def json(self) -> Row:
        """Return the JSON object in the body; an empty body is an empty object."""
        if not self.body.strip():
            return {}
        try:
            value = json.loads(self.body)
        except ValueError:
            raise bad_request("Invalid JSON in the request body") from None
        if not isinstance(value, dict):
            raise bad_request("The request body must be a JSON object")
        return value

    def perform_as(self, *, required: bool = False) -> str | None:
        """Return the acting user, who must be an active user of the account."""
        key = self.one("perform_as")
        if not key:
            if required or self.store.switch("require_perform_as", self.account):
                raise bad_request("Missing required parameter: perform_as")
            return None
        user = self.account.users.get(key)
        if user is None:
            raise bad_request(f"Invalid parameter perform_as: users {key} was not found")
        if user["deactivatedAt"] is not None:
            raise bad_request(f"Invalid parameter perform_as: user {key} is deactivated")
        return key


@dataclass(slots=True)
class Upload:
    """A file that came in a multipart body."""

    field: str
    name: str
    content: bytes
