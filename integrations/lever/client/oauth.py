"""Lever's OAuth: the authorisation page and the token endpoint. https://hire.lever.co/developer/oauth"""

import base64
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from integrations.errors import ConnectionLost, Rejected, TryLater
from integrations.http import Answer, Http

logger = logging.getLogger("integrations.lever.client")

# Whose hosts may be redirected to: calls for accounts in the EU are said to be.
DOMAIN = "lever.co"

# Lever's own figure, for an answer that should not name it.
ACCESS_TOKEN_SECONDS = 3600
CLAIMS = "https://oauth.lever.co/"


@dataclass(frozen=True, slots=True, repr=False)
class Grant:
    """What the token endpoint gave.

    `refresh_token` is empty where none came (keep the old one), `scopes` where they were not named (as asked before),
    account and user where the access token does not say them. `expires_in` is in seconds.
    """

    access_token: str
    refresh_token: str
    expires_in: int
    scopes: tuple[str, ...]
    account_id: str
    user_id: str


class OAuthClient:
    """Our app at Lever's authorisation server. `deadline` is for each whole call, in seconds."""

    def __init__(self, auth_url: str, client_id: str, client_secret: str, *, deadline: float) -> None:
        self._auth_url = auth_url.rstrip("/")
        self._client_id = client_id
        # The credentials belong into the body; a Basic header is not taken.
        self._credentials = {"client_id": client_id, "client_secret": client_secret}
        self._http = Http(deadline, trusted_domain=DOMAIN)

    def authorize_url(
        self,
        *,
        redirect_uri: str,
        state: str,
        audience: str,
        scopes: tuple[str, ...],
        code_challenge: str = "",
        asks_again: bool = False,
    ) -> str:
        """Return the page where a Super Admin allows us in. Asks nobody.

        `audience` ends with a slash, else the page offers `offline_access` only. `asks_again` shows the consent page
        even to somebody who accepted before.
        """
        query = {
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "response_type": "code",
            "state": state,
            "audience": audience,
            "scope": " ".join(scopes),
        }
        if code_challenge:
            query |= {"code_challenge": code_challenge, "code_challenge_method": "S256"}
        if asks_again:
            query["prompt"] = "consent"
        return f"{self._auth_url}/authorize?{urlencode(query)}"

    def exchange_code(self, code: str, *, redirect_uri: str, code_verifier: str = "") -> Grant:
        """Trade the callback's one-time code for tokens.

        Raises Rejected("code_refused") for a code that is unknown, used or too old; TryLater for everything that is
        not the code's fault.
        """
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        if code_verifier:
            fields["code_verifier"] = code_verifier
        answer = self._ask_token(fields)
        if answer.word == "invalid_grant" and answer.status < 500:
            raise Rejected("code_refused")
        return _grant(answer)

    def refresh(self, refresh_token: str) -> Grant:
        """Trade a refresh token for new tokens; treat the old one as dead afterwards.

        Raises ConnectionLost("grant_dead") only where Lever says so; time-outs, 429 and 5xx are TryLater, and so is a
        wrong client secret: that is our mistake, and must not cost anybody's connection.
        """
        answer = self._ask_token({"grant_type": "refresh_token", "refresh_token": refresh_token})
        # Lever publishes no errors here. Auth0, which it runs on, answers 403, the standard says 400.
        if answer.word == "invalid_grant" and answer.status < 500:
            raise ConnectionLost("grant_dead")
        return _grant(answer)

    def revoke(self, refresh_token: str) -> None:
        """Give a grant back. Lever documents no such endpoint; this is Auth0's, which takes JSON."""
        body = json.dumps({**self._credentials, "token": refresh_token}).encode()
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        answer = self._http.send("POST", f"{self._auth_url}/oauth/revoke", headers, body, changes=False)
        if not answer.is_good:
            raise _refused(answer)

    def _ask_token(self, fields: Mapping[str, str]) -> Answer:
        body = urlencode({**fields, **self._credentials}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        # Not `changes`: no create hangs on this call, so there is nothing to be looked up after it.
        return self._http.send("POST", f"{self._auth_url}/oauth/token", headers, body, changes=False)

    def close(self) -> None:
        self._http.close()


def _refused(answer: Answer) -> TryLater:
    if answer.status == 429:
        return TryLater("busy", after=answer.retry_after, is_outage=False)
    if answer.status >= 500:
        return TryLater("unavailable", after=answer.retry_after)
    logger.error("the token endpoint refuses our app: %d %s", answer.status, answer.word)
    return TryLater("client_refused")


def _grant(answer: Answer) -> Grant:
    if not answer.is_good:
        raise _refused(answer)
    body = answer.json() or {}
    token = body.get("access_token")
    if not isinstance(token, str) or not token:
        raise TryLater("unclear")
    claims = _claims(token)
    scopes = body.get("scope") or claims.get("scope") or ""
    try:
        expires_in = int(body.get("expires_in") or ACCESS_TOKEN_SECONDS)
    except (TypeError, ValueError):
        expires_in = ACCESS_TOKEN_SECONDS
    return Grant(
        access_token=token,
        refresh_token=str(body.get("refresh_token") or ""),
        expires_in=expires_in,
        scopes=tuple(scopes.split()) if isinstance(scopes, str) else (),
        account_id=str(claims.get(f"{CLAIMS}accountId") or "")[:80],
        user_id=str(claims.get(f"{CLAIMS}userId") or "")[:80],
    )


def _claims(token: str) -> dict[str, Any]:
    """Return what the access token says about itself; nothing, where it is no JWT.

    Lever has no "who am I". The signature is not checked: the token came from Lever itself over TLS.
    """
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}
