"""Connecting: out to Lever's consent page, and back with a code; and what Lever's webhooks deliver."""

import base64
import hashlib
import logging
import secrets
import time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from accounts.access import PublicRequest, SignedInRequest, company_admin, public, signed_in
from accounts.models import Company, Membership
from integrations import actions, wording
from integrations.errors import Refused, Rejected, TryLater
from integrations.lever import provider
from integrations.lever.deliveries import MOST_BYTES, Delivery, NotADelivery, read_delivery
from integrations.lever.subscriptions import is_signed, signing_tokens
from integrations.models import Connection
from integrations.providers import Tokens
from purposejobs.tenancy import company_scope, keys_from

logger = logging.getLogger(__name__)

# What a start leaves in the session until the callback takes it away.
PENDING = "lever_connect"
# Signing in at Lever and finding the right person's password may take a while; a forgotten tab should not connect.
PENDING_SECONDS = 60 * 60
# Somebody is looking at an empty page: the only vendor's call that a request waits for.
EXCHANGE_SECONDS = 5


@company_admin
@require_GET
def start(request: SignedInRequest, *, company: Company) -> HttpResponse:
    """Leave for Lever's consent page. A link, not a form: `form-action` would block the redirect."""
    environment = provider.current_environment()
    verifier = secrets.token_urlsafe(48) if provider.uses_pkce(environment) else ""
    standing = Connection.objects.for_company(company).filter(provider="lever").standing().first()
    pending = {
        "state": secrets.token_urlsafe(32),
        "verifier": verifier,
        "company": company.pk,
        "user": request.user.pk,
        "environment": environment,
        "issued_at": time.time(),
    }
    # One at a time: a second start makes the first one's state worthless.
    request.session[PENDING] = pending
    return HttpResponseRedirect(
        provider.authorize_url(
            environment,
            redirect_uri=_callback_uri(),
            state=str(pending["state"]),
            code_challenge=_challenge(verifier),
            # Whoever accepted before is not asked again, unless we now need more than was granted.
            asks_again=standing is not None and bool(provider.missing_scopes(standing.granted_scopes)),
        )
    )


@signed_in
@require_GET
def callback(request: SignedInRequest) -> HttpResponse:
    """Come back from Lever. The address is the same for all, so company and state come from the session."""
    pending = request.session.pop(PENDING, None)
    is_answer = _is_answer_to(pending, request)
    company = _company_of(pending, request)
    if company is None or not is_answer:
        messages.error(
            request,
            "That answer from Lever does not belong to a connection you started here. Nothing was connected; "
            "choose Lever to begin again.",
        )
        return redirect("integration_list", company_slug=company.slug) if company else redirect("home")
    with company_scope(company):
        problem = _connect(request, company, pending)
    if problem:
        messages.error(request, problem)
    else:
        messages.success(request, f"Lever is connected to {company.name}.")
    return redirect("integration_list", company_slug=company.slug)


@public
@csrf_exempt
@require_POST
def webhook(request: PublicRequest, key: str) -> HttpResponse:
    """Take what Lever tells: checked and stored, and answered at once. What it means is looked up by a task.

    Lever takes any 2xx as received and tries everything else again, five times. A delivery that came before is
    received as well; one that is not Lever's changes nothing, and nothing of it is logged.
    """
    content = request.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        return HttpResponse(status=413)
    try:
        delivery = read_delivery(content)
    except NotADelivery:
        return HttpResponse(status=400)
    for company_pk in keys_from("company_of_hook", key):
        with company_scope(company_pk):
            return HttpResponse(status=_take(delivery, key))
    return HttpResponse(status=404)


def _take(delivery: Delivery, key: str) -> int:
    """Hand a good delivery on; return the status that answers it."""
    # Only what is needed: the tokens of the connection itself would be decrypted with it.
    connection = Connection.objects.only("company", "provider", "subscriptions", "delivered_at").filter(
        hook_key=key, provider="lever"
    ).first()  # fmt: skip
    if connection is None:
        return 404
    keys = signing_tokens(connection.subscriptions, delivery.event)
    is_good = is_signed(delivery.token, delivery.triggered_ms, delivery.signature, keys)
    if not is_good or not delivery.is_timely(timezone.now()):
        problem = "too old, or of the future" if is_good else "its signature is wrong"
        logger.warning("connection %s: a delivery was refused, %s", connection.pk, problem)
        return 403
    actions.take_delivery(
        connection=connection,
        token=delivery.token,
        event=delivery.event,
        triggered_at=delivery.triggered_at,
        external_id=delivery.opportunity_id,
        body=delivery.body,
        is_test=delivery.is_test,
    )
    return 204


def _company_of(pending: Any, request: SignedInRequest) -> Company | None:
    """Return the company that the start was for, where this person still is an admin of it."""
    if not isinstance(pending, dict):
        return None
    memberships = Membership.objects.filter(user=request.user, company_id=pending["company"]).select_related("company")
    membership = memberships.filter(role=Membership.Role.ADMIN).first()
    return membership.company if membership else None


def _is_answer_to(pending: Any, request: SignedInRequest) -> bool:
    """Say whether the callback answers this session's last start: once, by the same person, before it is too old."""
    given = request.GET.get("state", "")
    if not isinstance(pending, dict) or not secrets.compare_digest(pending["state"].encode(), given.encode()):
        return False
    return pending["user"] == request.user.pk and time.time() - pending["issued_at"] < PENDING_SECONDS


def _connect(request: SignedInRequest, company: Company, pending: dict[str, Any]) -> str:
    """Trade the code and store what came; return what went wrong, in a sentence, or nothing."""
    if problem := _refusal(request):
        return problem
    try:
        tokens = provider.exchange_code(
            pending["environment"],
            request.GET["code"],
            redirect_uri=_callback_uri(),
            code_verifier=pending["verifier"],
            deadline=EXCHANGE_SECONDS,
        )
    except Rejected:
        return "Lever no longer takes this answer: it was used before, or is too old. Choose Lever to begin again."
    except TryLater as error:
        return _why_not_now(error)
    return _open(request, company, tokens)


def _refusal(request: SignedInRequest) -> str:
    error = request.GET.get("error", "")
    if error == "access_denied":
        # Declining and lacking the right look alike from here.
        return (
            "Lever did not give access. Either it was declined, or the person is not a Super Admin in Lever: "
            "ask a Lever Super Admin to connect."
        )
    if error or not request.GET.get("code"):
        return "Lever sent you back without giving access. Nothing was connected; choose Lever to try again."
    return ""


def _why_not_now(error: TryLater) -> str:
    if error.code == "client_refused":
        return (
            "Lever did not recognise Purpose Jobs. This is on our side, and nothing was connected; "
            "please tell Purpose Jobs support."
        )
    return "Lever is not answering at the moment. Nothing was connected; please try again in a few minutes."


def _open(request: SignedInRequest, company: Company, tokens: Tokens) -> str:
    missing = provider.missing_scopes(tokens.scopes)
    if missing:
        # Half of the rights would be half of a connection: exports that fail one by one, later.
        rights = ", ".join(provider.explain_scopes(missing))
        return f"Lever gave Purpose Jobs fewer rights than it needs. Missing: {rights}. Nothing was connected."
    try:
        actions.open_connection(company=company, provider="lever", tokens=tokens, connected_by=request.user)
    except Refused as refused:
        words = wording.describe_refusal(refused.code, provider.LABEL, refused.parameters)
        return f"{words.reason} {words.remedy}".strip()
    return ""


def _callback_uri() -> str:
    """Return our callback, byte for byte as it is registered at Lever."""
    return settings.PUBLIC_URL + reverse("lever:callback")


def _challenge(verifier: str) -> str:
    if not verifier:
        return ""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
