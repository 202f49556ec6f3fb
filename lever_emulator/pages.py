"""Stub."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lever_emulator import html
from lever_emulator.store import Store


def routes(store: Store) -> list[Route]:
    async def home(request: Request) -> Response:
        return html.page("error.html", {"title": "Emulator", "text": "Soon."})

    return [Route("/", home)]


def error_handlers(store: Store):
    return {}
