"""Test a connection: is access good, is every permission there, can somebody act, are postings read, are we told?"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils import timezone

from integrations.errors import ConnectionLost, Rejected, TryLater
from integrations.following.subscribing import hook_url
from integrations.models import Connection
from integrations.nudging import CHECK, FOLLOW, REFRESH_ACCOUNT, publish
from integrations.visiting import Visit, find_connection, visit
from purposejobs.tenancy import company_scope

# Access, users, postings and webhooks take a call or a few each; we begin once so many tokens are there, and what is
# called beyond is debited.
TOKENS_TO_BEGIN = 5
GOOD, BAD, UNKNOWN = "good", "bad", "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found: `code` is empty where all is well, else it has words in `wording`."""

    check: str
    state: str = GOOD
    code: str = ""
    parameters: dict[str, object] = field(default_factory=dict)


def check_connection(connection_pk: int) -> None:
    """Test a connection where that was asked for, and keep the findings; webhooks that are gone are asked for again."""
    connection = find_connection(connection_pk)
    if connection is None or not connection.is_being_checked:
        return
    with visit(connection, CHECK, tokens=TOKENS_TO_BEGIN) as visiting:
        if visiting is None:
            return
        findings = Check(visiting).run()
    with company_scope(connection.company_id):
        news: dict[str, Any] = {"checked_at": timezone.now(), "check_findings": [asdict(each) for each in findings]}
        if findings[0].state == GOOD:
            news["last_contact_at"] = timezone.now()
        codes = {finding.code for finding in findings}
        if "webhooks_missing" in codes:
            news["subscriptions_due_at"] = timezone.now()
        Connection.objects.filter(pk=connection.pk).update(**news)
    if "webhooks_missing" in codes:
        publish(FOLLOW, connection.pk)
    if codes & {"acting_user_deactivated", "acting_user_missing"}:
        # The settings page warns by our copy of the users.
        publish(REFRESH_ACCOUNT, connection.pk)


class Check:
    """One test of one connection."""

    def __init__(self, visiting: Visit) -> None:
        self.connection = visiting.connection
        self.provider = visiting.provider
        self.ask = visiting.ask

    def run(self) -> list[Finding]:
        """Look at one thing after the other; where the ATS is away or lets nobody in, the rest is not tested."""
        checks: dict[str, Callable[[], Finding | None]] = {
            "access": self._access,
            "permissions": self._permissions,
            "acting_user": self._acting_user,
            "postings": self._postings,
            "webhooks": self._webhooks,
            "deliveries": self._deliveries,
        }
        findings: list[Finding] = []
        for name, look in checks.items():
            if findings and findings[-1].code in STOPS | {"not_tested"}:
                findings.append(Finding(name, UNKNOWN, "not_tested"))
                continue
            try:
                finding = look()
            except TryLater as error:
                finding = Finding(name, UNKNOWN, "busy" if error.code == "busy" else "vendor_away")
            except Rejected as error:
                finding = Finding(name, BAD, error.code, dict(error.parameters))
            except ConnectionLost as error:
                # What follows would fail alike.
                return [*findings, Finding(name, BAD, error.code), *_untested(checks, name)]
            findings += [finding] if finding else []
        return findings

    def _access(self) -> Finding:
        if not self.connection.is_active:
            raise ConnectionLost(self.connection.lost_reason or "not_active")
        if hasattr(self.provider, "check"):
            self.ask(self.provider.check)
        return Finding("access")

    def _permissions(self) -> Finding | None:
        granted = self.connection.granted_scopes
        if not (hasattr(self.provider, "missing_scopes") and granted):
            return None
        missing = self.provider.missing_scopes(granted)
        if not missing:
            return Finding("permissions")
        words = self.provider.explain_scopes(missing) if hasattr(self.provider, "explain_scopes") else missing
        return Finding("permissions", BAD, "permissions_missing", {"missing": ", ".join(words).lower()})

    def _acting_user(self) -> Finding | None:
        if not hasattr(self.provider, "list_users"):
            return None
        users = {user.external_id: user for user in self.ask(self.provider.list_users)}
        chosen = users.get(self.connection.acting_user_id)
        if self.connection.acting_user_id and chosen is None:
            return Finding("acting_user", BAD, "acting_user_missing")
        if chosen and not chosen.is_active:
            return Finding("acting_user", BAD, "acting_user_deactivated", {"name": chosen.name})
        acting = chosen or users.get(self.connection.granted_by_user_id)
        if acting is None or not acting.is_active:
            return Finding("acting_user", BAD, "nobody_to_act")
        return Finding("acting_user", parameters={"name": acting.name})

    def _postings(self) -> Finding:
        postings = self.ask(self.provider.list_postings)
        is_open = sum(posting.is_open for posting in postings)
        return Finding("postings", parameters={"open": is_open, "all": len(postings)})

    def _webhooks(self) -> Finding | None:
        connection = self.connection
        if not hasattr(self.provider, "subscribe"):
            return None
        if connection.subscription_error:
            return Finding("webhooks", BAD, connection.subscription_error)
        kept = connection.subscriptions
        if kept and self.ask(lambda client: self.provider.is_subscribed(client, hook_url(connection), kept)):
            return Finding("webhooks")
        return Finding("webhooks", BAD, "webhooks_missing")

    def _deliveries(self) -> Finding | None:
        connection = self.connection
        if not hasattr(self.provider, "subscribe") or connection.subscription_error or not connection.subscriptions:
            return None
        if connection.delivered_at is None:
            hint = getattr(self.provider, "WEBHOOK_HINT", "")
            return Finding("deliveries", UNKNOWN, "no_delivery", {"hint": hint})
        return Finding("deliveries", parameters={"at": connection.delivered_at.isoformat()})


# After these the rest could only fail alike.
STOPS = {"vendor_away", "busy"}


def _untested(checks: dict[str, Callable[[], Finding | None]], after: str) -> list[Finding]:
    names = list(checks)
    return [Finding(name, UNKNOWN, "not_tested") for name in names[names.index(after) + 1 :]]
