"""What all pages behind the sign-in share: the visitor, the frame around the page, forms and messages."""

import urllib.parse
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from lever_emulator import html, sessions
from lever_emulator.account import Account, Row
from lever_emulator.calls import Refusal
from lever_emulator.store import Store

ACCOUNTS_IN_SWITCHER = 40
MENU = (
    ("/", "Home"),
    ("/candidates", "Candidates"),
    ("/postings", "Postings"),
    ("/users", "Users"),
    ("/settings/integrations", "Authorized Apps"),
    ("/settings/webhooks", "Webhooks"),
    ("/control", "Faults and switches"),
    ("/log", "Request log"),
)


@dataclass(slots=True)
class Visit:
    """One request of a signed-in person."""

    store: Store
    request: Request
    account: Account
    user: Row
    form: FormData

    def field(self, name: str) -> str:
        """Return a form field, trimmed."""
        return str(self.form.get(name, "")).strip()

    def param(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.request.path_params[name])

    def query(self, name: str) -> str:
        """Return a query parameter, trimmed."""
        return self.request.query_params.get(name, "").strip()

    def row(self, table: dict[str, Row], name: str) -> Row:
        """Return the row named in the path, or a 404."""
        row = table.get(self.param(name))
        if row is None:
            raise HTTPException(404)
        return row

    def page(self, template: str, title: str, **context: Any) -> Response:
        """Render a page within the frame."""
        path = self.request.url.path
        here = max((address for address, _ in MENU if path.startswith(address)), key=len)
        accounts = list(self.store.accounts.values())[:ACCOUNTS_IN_SWITCHER]
        if self.account not in accounts:
            accounts.append(self.account)
        frame = {
            "title": title,
            "menu": MENU,
            "here": here,
            "account": self.account,
            "user": self.user,
            "people": [(account, account.active_users()) for account in accounts],
            "said": self.query("said"),
            "pushed": round(self.store.clock.offset_ms / 1000),
        }
        return html.page(template, frame | context)

    def back(self, fallback: str, said: str) -> Response:
        """Go back to where the form stood (its `next` field) and say what was done."""
        address = sessions.local_path(self.field("next")) if self.field("next") else fallback
        joint = "&" if "?" in address else "?"
        return RedirectResponse(f"{address}{joint}{urllib.parse.urlencode({'said': said})}", 303)


Work = Callable[[Visit], Response | Awaitable[Response]]


def route(store: Store, method: str, path: str, work: Work) -> Route:
    """Return a route that only a signed-in person reaches; others are asked who they are first."""

    async def endpoint(request: Request) -> Response:
        visitor = sessions.signed_in(store, request)
        if visitor is None:
            wanted = request.url.path if request.method == "GET" else "/"
            query = f"?{request.url.query}" if request.url.query and request.method == "GET" else ""
            return RedirectResponse(f"/login?{urllib.parse.urlencode({'next': wanted + query})}", 303)
        form = await request.form() if request.method == "POST" else FormData()
        try:
            answer = work(Visit(store, request, *visitor, form))
            return answer if isinstance(answer, Response) else await answer
        except (Refusal, ValueError) as error:
            text = getattr(error, "message", str(error))
            return html.page("error.html", {"title": "That did not work", "text": text}, 400)

    return Route(path, endpoint, methods=[method])


async def _not_found(request: Request, error: Exception) -> Response:
    text = "It may belong to another account: sign in as somebody of that account, or it was deleted."
    status = getattr(error, "status_code", 404)
    return html.page("error.html", {"title": "Nothing here", "text": text}, status)


def error_handlers() -> dict[Any, Callable[[Request, Exception], Awaitable[Response]]]:
    """Return the pages for addresses that lead nowhere."""
    return {404: _not_found, 405: _not_found}
