"""`/_control`: what tests, benches and the fault panel turn. JSON in, JSON out, no sign-in."""

import inspect
import json
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from lever_emulator import control_accounts, control_webhooks
from lever_emulator.calls import Refusal
from lever_emulator.settings import SWITCHES, checked_switch
from lever_emulator.store import Store

Body = dict[str, Any]
Work = Callable[[Store, Request, Body], Any]


def routes(store: Store) -> list[Route]:
    """Return the routes of this face."""
    table: list[tuple[str, str, Work]] = [
        ("GET", "", state),
        ("POST", "/reset", reset),
        ("GET", "/clock", clock),
        ("POST", "/clock", advance_clock),
        ("GET", "/switches", switches),
        ("POST", "/switches", throw_switches),
        ("GET", "/faults", list_faults),
        ("POST", "/faults", add_fault),
        ("DELETE", "/faults", remove_faults),
        ("DELETE", "/faults/{fault}", remove_fault),
        ("GET", "/requests", requests),
        ("DELETE", "/requests", forget_requests),
        ("GET", "/counters", counters),
        *control_accounts.TABLE,
        *control_webhooks.TABLE,
    ]
    return [Route(f"/_control{path}", _endpoint(store, work), methods=[method]) for method, path, work in table]


def _endpoint(store: Store, work: Work) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        try:
            raw = await request.body()
            body = json.loads(raw) if raw.strip() else {}
            if not isinstance(body, dict):
                raise ValueError("The body must be a JSON object.")
            answer = work(store, request, body)
            if inspect.isawaitable(answer):
                answer = await answer
        except KeyError:
            raise
        except LookupError as error:
            return JSONResponse({"error": str(error.args[0])}, 404)
        except Refusal as refusal:
            return JSONResponse({"error": refusal.message}, refusal.status)
        except (ValueError, TypeError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(answer)

    return endpoint


def state(store: Store, request: Request, body: Body) -> Body:
    """Summarise everything, with the CPU seconds and memory of this process."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "public_url": store.settings.public_url,
        "clock": clock(store, request, body),
        "cpu_seconds": time.process_time(),
        "max_rss_bytes": usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        "apps": list(store.apps.values()),
        "accounts": [control_accounts.summary(store, account) for account in store.accounts.values()],
        "switches": switches(store, request, body),
        "faults": list_faults(store, request, body)["faults"],
        "counters": counters(store, request, body),
        "deliveries": store.deliveries.figures(),
    }


def reset(store: Store, request: Request, body: Body) -> Body:
    """Begin again with the seeds: accounts, tokens, clock, switches, faults and logs."""
    store.reset()
    return {"accounts": [control_accounts.summary(store, account) for account in store.accounts.values()]}


def clock(store: Store, request: Request, body: Body) -> Body:
    """Tell the emulator's time (milliseconds) and how far it was pushed (seconds)."""
    return {"now": store.clock.now(), "advanced_seconds": store.clock.offset_ms / 1000}


def advance_clock(store: Store, request: Request, body: Body) -> Body:
    """Push the clock: {"advance_seconds": 3600}."""
    seconds = body.get("advance_seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise ValueError("advance_seconds must be a number.")
    store.advance(seconds)
    return clock(store, request, body)


def switches(store: Store, request: Request, body: Body) -> Body:
    """Show how the switches stand; `?account=` shows one account's view."""
    key = request.query_params.get("account")
    account = control_accounts.account_named(store, key) if key else None
    return {name: store.switch(name, account) for name in SWITCHES}


def throw_switches(store: Store, request: Request, body: Body) -> Body:
    """Set switches by name; with "account" for that account only."""
    key = body.pop("account", None)
    account = control_accounts.account_named(store, key) if key else None
    checked = {name: checked_switch(name, value) for name, value in body.items()}
    for name, value in checked.items():
        store.throw(name, value, account)
    return {name: store.switch(name, account) for name in SWITCHES}


def list_faults(store: Store, request: Request, body: Body) -> Body:
    """List faults in force and the counts of what was injected."""
    return {"faults": [fault.as_json() for fault in store.faults.all()], "injected": dict(store.faults.injected)}


def add_fault(store: Store, request: Request, body: Body) -> Body:
    """Add a fault."""
    return store.faults.add(body).as_json()


def remove_faults(store: Store, request: Request, body: Body) -> Body:
    """Take all faults away; what was injected stays counted."""
    store.faults.clear_rules()
    return list_faults(store, request, body)


def remove_fault(store: Store, request: Request, body: Body) -> Body:
    """Take one fault away."""
    if not store.faults.remove(request.path_params["fault"]):
        raise LookupError(f"There is no fault {request.path_params['fault']}.")
    return list_faults(store, request, body)


def requests(store: Store, request: Request, body: Body) -> Body:
    """Show the log, newest first; narrowed by method, template, path, status, account, fault; `limit` (1000)."""
    names = ("method", "template", "path", "status", "account", "fault")
    wanted = {name: request.query_params.get(name) for name in names}
    limit = int(request.query_params.get("limit", "1000"))
    return {"requests": store.log.find(limit, **wanted)}


def forget_requests(store: Store, request: Request, body: Body) -> Body:
    """Empty the log and set all counters to zero."""
    store.log.clear()
    store.faults.injected.clear()
    return counters(store, request, body)


def counters(store: Store, request: Request, body: Body) -> Body:
    """Show totals."""
    return {**store.log.counters(), "faults_injected": dict(store.faults.injected)}
