"""Times are shown in the user's own zone."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone


class TimeZoneMiddleware:
    """Use the zone the user chose, else the one their browser told us (cookie `tz`), else UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(self._zone(request)):
            return self.get_response(request)

    def _zone(self, request: HttpRequest) -> zoneinfo.ZoneInfo | None:
        chosen = request.user.zone() if request.user.is_authenticated else None
        if chosen:
            return chosen
        try:
            return zoneinfo.ZoneInfo(request.COOKIES["tz"])
        except (KeyError, ValueError, OSError):
            return None
