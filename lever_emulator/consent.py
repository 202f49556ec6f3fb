"""The pages of OAuth: signing in, consent, and back to the partner. https://hire.lever.co/developer/documentation#authentication"""

import urllib.parse
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from lever_emulator import html, sessions
from lever_emulator.account import Account, Row
from lever_emulator.settings import AUDIENCES
from lever_emulator.store import Store
from lever_emulator.tokens import find_grant, give_grant, new_code

ACCOUNTS_SHOWN = 200
RESOURCES = {
    "applications": "applications",
    "archive_reasons": "archive reasons",
    "audit_events": "audit events",
    "contact": "contact details of candidates",
    "diversity_surveys": "diversity surveys",
    "eeo_responses": "EEO responses",
    "eeo_responses_pii": "EEO responses with personal data",
    "feedback": "feedback",
    "feedback_templates": "feedback templates",
    "files": "files of candidates",
    "form_templates": "form templates",
    "forms": "forms",
    "groups": "groups",
    "interviews": "interviews",
    "notes": "notes about candidates",
    "offers": "offers",
    "opportunities": "candidates and opportunities",
    "panels": "interview panels",
    "permissions": "permissions",
    "postings": "postings",
    "referrals": "referrals",
    "requisition_fields": "requisition fields",
    "requisitions": "requisitions",
    "resumes": "résumés",
    "roles": "roles",
    "sources": "sources",
    "stages": "pipeline stages",
    "tags": "tags",
    "tasks": "tasks",
    "uploads": "temporary uploads",
    "users": "users",
    "webhooks": "webhooks",
}
WRITE_ONLY = ("uploads",)
SPECIAL = {
    "offline_access": "Stay connected while you are not using the app",
    "confidential:access:admin": "See confidential postings and candidates",
}


def scope_in_words(scope: str) -> str:
    """Return what the consent page says about a scope."""
    if scope in SPECIAL:
        return SPECIAL[scope]
    resource, _, act = scope.removesuffix(":admin").partition(":")
    words = RESOURCES.get(resource, resource)
    if act == "write":
        return f"Add {words}" if resource in WRITE_ONLY else f"View and manage all {words}"
    return f"View all {words}"


def is_scope(scope: str) -> bool:
    """Say whether Lever knows a scope."""
    parts = scope.split(":")
    return scope in SPECIAL or (len(parts) == 3 and parts[0] in RESOURCES and parts[1] in ("read", "write"))


def routes(store: Store) -> list[Route]:
    """Return the routes of this face."""

    async def authorize(request: Request) -> Response:
        return await _authorize(store, request)

    async def login(request: Request) -> Response:
        return await _login(store, request)

    async def logout(request: Request) -> Response:
        response = RedirectResponse("/login", 303)
        sessions.sign_out(response)
        return response

    return [
        Route("/authorize", authorize, methods=["GET", "POST"]),
        Route("/login", login, methods=["GET", "POST"]),
        Route("/logout", logout, methods=["POST"]),
    ]


async def _login(store: Store, request: Request) -> Response:
    if request.method == "POST":
        form = await request.form()
        found = sessions.find_user(store, str(form.get("user", "")))
        if found and found[1]["deactivatedAt"] is None:
            response = RedirectResponse(sessions.local_path(str(form.get("next", ""))), 303)
            sessions.sign_in(store, response, found[1]["id"])
            return response
        return html.page(
            "error.html", {"title": "That person cannot sign in", "text": "Pick somebody who is active."}, 400
        )
    return login_page(store, request, sessions.local_path(request.query_params.get("next")), None)


def login_page(store: Store, request: Request, going_to: str, app: Row | None) -> Response:
    """Return the page on which one picks who one is."""
    words = request.query_params.get("q", "").strip().casefold()
    accounts = [account for account in store.accounts.values() if words in account.name.casefold()]
    context = {
        "title": "Sign in",
        "accounts": [(account, account.active_users()) for account in accounts[:ACCOUNTS_SHOWN]],
        "hidden": max(0, len(accounts) - ACCOUNTS_SHOWN),
        "query": words,
        "next": going_to,
        "app": app,
    }
    return html.page("login.html", context)


async def _authorize(store: Store, request: Request) -> Response:
    params = request.query_params
    app = store.apps.get(params.get("client_id", ""))
    redirect_uri = params.get("redirect_uri", "")
    if app is None:
        text = "No app with this client id is registered here."
        return html.page("error.html", {"title": "Unknown client", "text": text}, 403)
    if redirect_uri not in app["redirect_uris"]:
        text = f"The callback URL {redirect_uri or '(none)'} is not registered for {app['name']}."
        return html.page("error.html", {"title": "Callback URL mismatch", "text": text}, 403)
    if params.get("response_type") != "code":
        return _back(params, error="unsupported_response_type", error_description="response_type must be code")
    prompt = params.get("prompt")
    visitor = sessions.signed_in(store, request)
    if prompt == "none" and visitor is None:
        return _back(params, error="login_required", error_description="Login required")
    if visitor is None or prompt == "login" or "switch_user" in params:
        rest = [(name, value) for name, value in params.multi_items() if (name, value) != ("prompt", "login")]
        rest = [(name, value) for name, value in rest if name != "switch_user"]
        return login_page(store, request, f"/authorize?{urllib.parse.urlencode(rest)}", app)
    account, user = visitor
    audience, scopes = _asked(store, app, params)
    is_super_admin = user["accessRole"] == "super admin"
    if request.method == "POST":
        form = await request.form()
        if form.get("decision") != "accept":
            return _back(params, error="access_denied", error_description="user_did_not_authorize_the_request")
        if not is_super_admin:
            text = "The user trying to authorize the integration is not a Super Admin"
            return _back(params, error="access_denied", error_description=text)
        return _accepted(store, app, account, user, params, audience, scopes)
    grant = find_grant(store, app["id"], user["id"])
    if grant and is_super_admin and prompt != "consent" and set(scopes) <= set(grant["scopes"]):
        return _accepted(store, app, account, user, params, audience, scopes)
    if prompt == "none":
        return _back(params, error="consent_required", error_description="Consent required")
    query = urllib.parse.urlencode(params.multi_items())
    context = {
        "title": f"Authorize {app['name']}",
        "app": app,
        "account": account,
        "user": user,
        "scopes": [(scope, scope_in_words(scope)) for scope in scopes],
        "action": f"/authorize?{query}",
        "switch": f"/authorize?{query}&switch_user=1",
        "only_offline": scopes == ["offline_access"],
    }
    return html.page("consent.html", context)


def _asked(store: Store, app: Row, params: Any) -> tuple[str, list[str]]:
    """Return audience and scopes of a request. Without the right audience only `offline_access` is left."""
    audience = params.get("audience", "")
    wanted = [scope for scope in params.get("scope", "").split() if is_scope(scope)]
    if audience not in (*AUDIENCES, *store.settings.audiences):
        return audience, [scope for scope in wanted if scope == "offline_access"]
    allowed = {*app["scopes"], "offline_access"}
    return audience, list(dict.fromkeys(scope for scope in wanted if scope in allowed))


def _accepted(
    store: Store, app: Row, account: Account, user: Row, params: Any, audience: str, scopes: list[str]
) -> Response:
    grant = give_grant(store, app["id"], account, user["id"], scopes)
    challenge = params.get("code_challenge") if params.get("code_challenge_method", "S256") == "S256" else "refused"
    request = {
        "app": app["id"],
        "redirect_uri": params["redirect_uri"],
        "scopes": scopes,
        "audience": audience,
        "code_challenge": challenge,
    }
    return _back(params, code=new_code(store, grant, request))


def _back(params: Any, **answer: str) -> Response:
    """Send the browser back to the partner, with its state."""
    if "state" in params:
        answer["state"] = params["state"]
    address = params["redirect_uri"]
    joint = "&" if "?" in address else "?"
    return RedirectResponse(f"{address}{joint}{urllib.parse.urlencode(answer)}", 302)
