"""The whole emulator as one ASGI application."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from lever_emulator import consent, control, pages, site
from lever_emulator.settings import Settings
from lever_emulator.store import Store
from lever_emulator.wire import Machine, Receive, Scope, Send

MACHINE_PATHS = ("/oauth/token", "/oauth/revoke")


class Emulator:
    """Sends machines to the Data API and people (and tests) to the pages."""

    def __init__(self, settings: Settings) -> None:
        self.store = Store(settings)
        self.machine = Machine(self.store)
        self.site = Starlette(
            routes=[
                *consent.routes(self.store),
                *control.routes(self.store),
                *pages.routes(self.store),
                Mount("/static", StaticFiles(directory=Path(__file__).with_name("static")), name="static"),
            ],
            exception_handlers=site.error_handlers(),
            lifespan=self._lifespan,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the start and end of the process."""
        if scope["type"] == "http" and (scope["path"].startswith("/v1") or scope["path"] in MACHINE_PATHS):
            await self.machine(scope, receive, send)
        else:
            await self.site(scope, receive, send)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        state = self.store.state
        writer = asyncio.create_task(state.keep_writing()) if state else None
        self.store.deliveries.start()
        try:
            yield
        finally:
            await self.store.deliveries.stop()
            if writer:
                writer.cancel()
                with suppress(asyncio.CancelledError):
                    await writer
            self.store.close()
