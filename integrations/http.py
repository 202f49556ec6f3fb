"""One request to an ATS and its answer: what the calls of every client share. No Django, no models."""

import json
import logging
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.util import Timeout

from integrations.deadlines import DeadlineAdapter, call_until
from integrations.errors import TryLater

logger = logging.getLogger(__name__)

# Vendors take some 30 MB in a request. Their largest answer, a hundred postings with their texts, is some 2 MB.
ANSWER_MAX_BYTES = 32 * 1024 * 1024
ERROR_MAX_BYTES = 64 * 1024
REDIRECTS_MAX = 3
# Whatever "Retry-After" says, we ask again within the hour.
RETRY_AFTER_MAX_SECONDS = 3600


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What came back, whatever its status. `word` and `message` are those of an error."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> dict[str, Any] | None:
        """Return the JSON object in it, or None when there is none."""
        try:
            value = json.loads(self.content)
        except ValueError:
            return None
        return value if isinstance(value, dict) else None

    @property
    def word(self) -> str:
        """The error's code: `code` of an API, `error` of an OAuth endpoint. Safe to log and to keep."""
        body = self.json() or {}
        return re.sub(r"\W", "", str(body.get("code") or body.get("error") or ""), flags=re.ASCII)[:40]

    @property
    def message(self) -> str:
        """The error's text, in lower case. May name people: look into it, never log or keep it."""
        body = self.json() or {}
        return str(body.get("message") or body.get("error_description") or "").lower()

    @property
    def retry_after(self) -> float | None:
        """Seconds that the vendor asks us to wait, from a number or a date; None where it says nothing."""
        value = self.headers.get("Retry-After", "").strip()
        try:
            seconds = float(value) if not value[:1].isalpha() else _seconds_until(value)
        except (TypeError, ValueError):
            return None
        return min(max(seconds, 0.0), RETRY_AFTER_MAX_SECONDS) if math.isfinite(seconds) else None


class Http:
    """One keep-alive pool, one total deadline for each call (seconds); safe to share between threads.

    `trusted_domain` names whose hosts a permanent redirect may lead to, beside the same host.
    """

    def __init__(self, deadline: float, *, trusted_domain: str = "") -> None:
        self._trusted_domain = trusted_domain
        self._deadline = deadline
        # The adapter without a Session: no cookies, no proxies of the environment, and much less work a call.
        self._adapter = DeadlineAdapter(pool_connections=4, pool_maxsize=32)
        # Several addresses of a host are tried one after the other: each has a part of the time only.
        self._connect = min(deadline, max(deadline / 4, 1.0))

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes | None, *, changes: bool) -> Answer:
        """Send one request; return its answer, whatever the status.

        Raises TryLater when there is no answer; `changes` says that the call may have had its effect all the same.
        Permanent redirects are followed to the same host and to the vendor's own; nobody else gets to see the token.
        """
        started = time.monotonic()
        with call_until(started + self._deadline):
            for _ in range(REDIRECTS_MAX + 1):
                answer = self._send_once(method, url, headers, body, started + self._deadline, changes=changes)
                if answer.status not in (301, 308):
                    break
                url = self._redirect_target(url, answer.headers.get("Location", ""))
            else:
                raise TryLater("redirected")
        if not answer.is_good:
            milliseconds = (time.monotonic() - started) * 1000
            path = urlsplit(url).path
            logger.warning("%s %s: %d %s after %.0f ms", method, path, answer.status, answer.word, milliseconds)
        return answer

    def _send_once(
        self, method: str, url: str, headers: dict[str, str], body: bytes | None, ends_at: float, *, changes: bool
    ) -> Answer:
        # Made by hand: our addresses and headers are well-formed already, and preparing costs a quarter of a call.
        request = requests.PreparedRequest()
        request.method, request.url, request.body = method, url, body
        request.headers = CaseInsensitiveDict(headers)
        if body is not None:
            request.headers["Content-Length"] = str(len(body))
        try:
            # No more than this in total, so nothing is begun that could not end.
            total = max(ends_at - time.monotonic(), 0.001)
            timeout: Any = Timeout(connect=min(self._connect, total), total=total)
            response = self._adapter.send(request, stream=True, timeout=timeout)
        except requests.RequestException as error:
            raise _no_answer(error, method, url, ends_at, changes=changes) from None
        try:
            content = _read(response)
        except (requests.RequestException, HTTPError, OSError) as error:
            if response.status_code < 300:
                raise _no_answer(error, method, url, ends_at, changes=changes) from None
            content = b""  # the status says enough
        return Answer(response.status_code, response.headers, content)

    def close(self) -> None:
        self._adapter.close()

    def _redirect_target(self, url: str, location: str) -> str:
        before, after = urlsplit(url), urlsplit(urljoin(url, location))
        is_same = after.netloc == before.netloc and after.scheme == before.scheme
        is_trusted = bool(self._trusted_domain) and (after.hostname or "").endswith(f".{self._trusted_domain}")
        if not location or not (is_same or is_trusted and after.scheme == "https"):
            logger.error("redirected from %s to a host that is not the vendor's: not followed", before.netloc)
            raise TryLater("redirected")
        return after.geturl()


def _read(response: requests.Response) -> bytes:
    most = ANSWER_MAX_BYTES if response.status_code < 300 else ERROR_MAX_BYTES
    content: bytes = response.raw.read(most + 1, decode_content=True)
    if len(content) > most:
        response.raw.close()
        raise HTTPError(f"an answer of more than {most} bytes")
    return content


def _no_answer(error: Exception, method: str, url: str, ends_at: float, *, changes: bool) -> TryLater:
    """Say what became of a call without an answer: that nothing happened is known only where no connection was made."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError):
        later = TryLater("unreachable")
    elif isinstance(error, requests.Timeout) or time.monotonic() >= ends_at:
        later = TryLater("timeout", unknown=changes)
    else:
        later = TryLater("dropped", unknown=changes)
    logger.warning("%s %s: no answer: %s, %s", method, urlsplit(url).path, later.code, type(reason or error).__name__)
    return later


def _seconds_until(date: str) -> float:
    return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
