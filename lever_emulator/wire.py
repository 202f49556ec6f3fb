"""The machine's side of the emulator: reads a request, lets time and faults pass over it, answers and logs it."""

import asyncio
import math
import time
import traceback
import urllib.parse
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from lever_emulator.calls import Answer, Call, Refusal, json_answer
from lever_emulator.faults import Fault
from lever_emulator.multipart import LIMIT
from lever_emulator.routes import Route, find_route
from lever_emulator.store import Store
from lever_emulator.tokens import TokenError, account_of_refresh, caller_of

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

COMMON_HEADERS = [(b"server", b"lever-data-api"), (b"x-lever-region", b"global"), (b"x-stream-path", b"dapi")]
TRANSPORT = "lever_emulator.transport"
DRIPS = 10
FAULT_TEXTS = {
    400: "The request could not be understood",
    401: "The access token is not valid",
    403: "This token may not do that",
    404: "It was not found",
    409: "Somebody else changed it",
    422: "It could not be processed",
    429: "Too many requests",
    500: "Something went wrong on our side",
    502: "Bad gateway",
    503: "Down for maintenance",
    504: "Gateway time-out",
}


class DroppableProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol that shows the application its connection, so that a fault can cut it."""

    def on_message_begin(self) -> None:
        """Begin a request and put the transport into its scope."""
        super().on_message_begin()
        self.scope[TRANSPORT] = self.transport  # type: ignore[literal-required]


class Machine:
    """ASGI application for `/v1`, `/oauth/token` and `/oauth/revoke`."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        store = self.store
        method, path = scope["method"], scope["path"]
        try:
            body = await _read(receive)
        except _Gone:
            store.log.add(store.clock.now(), method, path, "half a request", 0, None, 0, None)
            return
        started = time.perf_counter()
        at = store.clock.now()
        query = urllib.parse.parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        call = Call(store, method, path, query, dict(scope["headers"]), body or b"")
        found = find_route(method, path)
        template = found[0].template if found else "/v1/*" if path.startswith("/v1") else path
        is_oauth = not path.startswith("/v1")
        account = account_of_refresh(call) if is_oauth else None
        if not is_oauth:
            call.caller = caller_of(store, call.headers)
            account = call.caller.account if call.caller else None
        fault = store.faults.choose(method, path, account.id if account else None)
        status = 0
        try:
            delay = store.switch("latency_ms", account) / 1000
            limited = self._limited(call)
            if fault and fault.kind == "slow" and fault.when == "before":
                delay += fault.seconds
            if delay:
                await asyncio.sleep(delay)
            answer: Answer | None
            if fault and fault.kind == "drop_before":
                answer = None
            elif limited:
                answer = limited
            elif fault and fault.kind in ("status", "invalid_grant"):
                answer = _faulty(fault, is_oauth)
            elif body is None:
                answer = Refusal(400, "The request is larger than 30 MB").answer()
            else:
                answer = self._handled(call, found, is_oauth)
            if fault and fault.kind == "slow" and fault.when == "after":
                await asyncio.sleep(fault.seconds)
            if answer is None or (fault and fault.kind == "drop_after"):
                await _drop(scope, receive)
            else:
                status = answer.status
                await _send(send, answer, COMMON_HEADERS, fault)
        finally:
            duration = round((time.perf_counter() - started) * 1000, 3)
            named = (f"status {fault.status}" if fault.kind == "status" else fault.kind) if fault else None
            store.log.add(at, method, path, template, status, account.id if account else None, duration, named)

    def _limited(self, call: Call) -> Answer | None:
        """Take a token from the caller's bucket; the token endpoint and strangers have none."""
        caller, store = call.caller, self.store
        if caller is None:
            return None
        rate = store.switch("rate", caller.account)
        if rate is None:
            return None
        wait = store.buckets.take((caller.account.id, caller.app), rate, store.switch("burst", caller.account))
        if not wait:
            return None
        store.log.too_many += 1
        answer = Refusal(429, "Too many requests").answer()
        if store.switch("retry_after", caller.account):
            answer.headers.append((b"retry-after", str(math.ceil(wait)).encode()))
        return answer

    def _handled(self, call: Call, found: tuple[Route, dict[str, str]] | None, is_oauth: bool) -> Answer:
        try:
            if not is_oauth and call.caller is None:
                raise Refusal(401, "The access token is missing, expired or not valid")
            if found is None:
                raise Refusal(404, f"{call.method} {call.path} does not exist", "NotFoundError")
            route, call.params = found
            if route.scope and call.caller and not call.caller.may(*route.scope):
                raise Refusal(403, f"This token lacks the scope {':'.join(route.scope)}:admin")
            self.store.in_api_call = True
            return route.handler(call)
        except Refusal as refusal:
            return refusal.answer()
        except Exception:
            traceback.print_exc()
            return Refusal(500, "The emulator made a mistake").answer()
        finally:
            self.store.in_api_call = False


class _Gone(Exception):
    """The client went away before its request was complete."""


async def _read(receive: Receive) -> bytes | None:
    """Return the whole body, None if it is larger than Lever takes."""
    chunks: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Gone  # half a request must not be taken for a whole one
        chunk = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(chunk)
        if size <= LIMIT:
            chunks.append(chunk)
    return b"".join(chunks) if size <= LIMIT else None


def _faulty(fault: Fault, is_oauth: bool) -> Answer:
    """Return the answer of a status fault in the dress of its endpoint."""
    if fault.kind == "invalid_grant":
        return TokenError(403, "invalid_grant", "Unknown or invalid refresh token.").answer()
    if fault.body is not None:
        answer = json_answer(fault.body, fault.status)
    elif is_oauth:
        word = {400: "invalid_request", 401: "access_denied", 403: "invalid_grant", 429: "too_many_requests"}
        answer = TokenError(fault.status, word.get(fault.status, "server_error"), FAULT_TEXTS[fault.status]).answer()
    else:
        answer = Refusal(fault.status, FAULT_TEXTS[fault.status]).answer()
    if fault.retry_after is not None:
        answer.headers.append((b"retry-after", f"{fault.retry_after:g}".encode()))
    return answer


async def _drop(scope: Scope, receive: Receive) -> None:
    """Cut the connection without a word, and wait until uvicorn has noticed."""
    scope[TRANSPORT].abort()
    while (await receive())["type"] != "http.disconnect":
        pass


async def _send(send: Send, answer: Answer, common: list[tuple[bytes, bytes]], fault: Fault | None) -> None:
    headers = [*common, *answer.headers]
    if answer.status != 204:
        headers.append((b"content-type", answer.content_type))
        headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if fault and fault.kind == "half_body":
        # Returning without the rest makes uvicorn close the connection in the middle.
        await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
        return
    if fault and fault.kind == "drip":
        size = max(1, -(-len(answer.body) // DRIPS))
        for start in range(0, len(answer.body), size):
            await asyncio.sleep(fault.seconds / DRIPS)
            await send({"type": "http.response.body", "body": answer.body[start : start + size], "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.body", "body": answer.body})
