"""Look after exports: what waits where, and trying again, cancelling and taking back in bulk."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from integrations import actions, wording
from integrations.actions.exports import cancel
from integrations.draining.claims import release_expired
from integrations.models import CandidateExport, Connection
from integrations.nudging import DRAIN, nudge
from purposejobs.tenancy import company_scope, keys_from

Result = TypeVar("Result")
Work = Callable[[Connection, "QuerySet[CandidateExport]", bool], tuple[int, str]]

State = CandidateExport.State
FollowUp = CandidateExport.FollowUp

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
COUNTS = {
    "waiting": Q(state=State.WAITING, held_reason=""),
    "held": Q(state=State.WAITING) & ~Q(held_reason=""),
    "sending": Q(state=State.SENDING),
    "sent": Q(state=State.SENT),
    "failed": Q(state=State.FAILED) | Q(follow_up=FollowUp.FAILED),
    "cancelled": Q(state=State.CANCELLED),
}
HEADINGS = ["company", "connection", "state", *COUNTS, "oldest waiting", "remarks"]


class Command(BaseCommand):
    """Print counts, keys and codes; never people or tokens."""

    help = (
        "status: what stands where. retry: failed exports try again. cancel: waiting and failed ones are put aside. "
        "requeue-stale: exports whose worker is gone are taken back. Nothing is changed without --yes."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", nargs="?", default="", help="status, retry, cancel or requeue-stale")
        parser.add_argument("--company", default="", metavar="SLUG", help="only this company")
        parser.add_argument("--connection", default="", metavar="PK", help="only this connection")
        parser.add_argument("--code", default="", help="only exports that failed or wait for this reason")
        parser.add_argument("--older-than", default="", metavar="AGE", help="only what did not change for 30m, 2h ...")
        parser.add_argument("--yes", action="store_true", help="do it, instead of counting")

    def handle(self, *args: Any, **options: Any) -> None:
        work = {"retry": self._retry, "cancel": self._cancel, "requeue-stale": self._requeue_stale}
        action = options["action"]
        if action != "status" and action not in work:
            raise CommandError(f"Say what to do: status, {', '.join(work)}.")
        narrows = _narrow(options["code"], options["older_than"])
        if action in ("status", "requeue-stale") and (options["code"] or options["older_than"]):
            raise CommandError(f"--code and --older-than choose what to retry or cancel; {action} takes neither.")
        if action == "status" and options["yes"]:
            raise CommandError("status changes nothing, so there is nothing to say --yes to.")
        keys = _connection_keys(options["company"], options["connection"])
        if action == "status":
            self._status(keys)
        else:
            self._change(keys, narrows, work[action], really=options["yes"])

    # -- status --------------------------------------------------------------------------------------------------------

    def _status(self, keys: list[int]) -> None:
        rows = _with_each(keys, _status_row)
        widths = [max(len(row[place]) for row in [HEADINGS, *rows]) for place in range(len(HEADINGS))]
        for row in [HEADINGS, *rows]:
            self.stdout.write("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())

    # -- Changes -------------------------------------------------------------------------------------------------------

    def _change(self, keys: list[int], narrows: Q, work: Work, *, really: bool) -> None:
        def change(connection: Connection) -> int:
            exports = CandidateExport.objects.filter(narrows, connection=connection)
            count, words = work(connection, exports, really)
            if count:
                self.stdout.write(f"{connection.company.slug}, connection {connection.pk}: {count} {words}")
            return count

        total = sum(_with_each(keys, change))
        if not total:
            self.stdout.write("Nothing to do.")
        elif not really:
            self.stdout.write(f"{total} in all. Nothing was changed: add --yes to do it.")
        else:
            self.stdout.write(f"{total} in all. Done.")

    def _retry(self, connection: Connection, exports: "QuerySet[CandidateExport]", really: bool) -> tuple[int, str]:
        if connection.state == Connection.State.DISCONNECTED:
            return 0, ""
        if really:
            return actions.retry_exports(company=connection.company, exports=exports, requested_by=None), "try again"
        return exports.filter(COUNTS["failed"]).count(), "failed"

    def _cancel(self, connection: Connection, exports: "QuerySet[CandidateExport]", really: bool) -> tuple[int, str]:
        aside = exports.filter(state__in=[State.WAITING, State.FAILED], claim=None)
        if really:
            return cancel(aside, CandidateExport.Cancelled.DISMISSED), "cancelled"
        return aside.count(), "waiting or failed"

    def _requeue_stale(
        self, connection: Connection, exports: "QuerySet[CandidateExport]", really: bool
    ) -> tuple[int, str]:
        if really:
            count = release_expired(connection)
            nudge(DRAIN, connection.pk)
            return count, "taken back; each is looked up before it is sent again"
        return exports.exclude(claim=None).filter(claimed_until__lt=timezone.now()).count(), "in hands that are gone"


def _connection_keys(company: str, connection: str) -> list[int]:
    if connection and not connection.isdecimal():
        raise CommandError(f"--connection is a number, as status prints it, not “{connection}”.")
    keys = keys_from("connections_for_operators", company, int(connection or 0))
    if not keys and (company or connection):
        raise CommandError(
            f"There is no connection{f' {connection}' * bool(connection)}"
            f"{f' of a company “{company}”' * bool(company)}."
        )
    return keys


def _narrow(code: str, older_than: str) -> Q:
    chosen = Q()
    if code:
        known = {**wording.FAILURES, **wording.WAITS, **wording.HELD}
        if code not in known:
            raise CommandError(f"There is no code “{code}”; the codes are {', '.join(sorted(known))}.")
        chosen &= Q(failure_code=code) | Q(held_reason=code) | Q(follow_up_code=code)
    if older_than:
        age = re.fullmatch(r"(\d{1,6})([smhd])", older_than)
        if age is None:
            raise CommandError(f"--older-than is a number with s, m, h or d, such as 30m, not “{older_than}”.")
        chosen &= Q(changed_at__lt=timezone.now() - timedelta(**{UNITS[age[2]]: int(age[1])}))
    return chosen


def _with_each(keys: list[int], work: Callable[[Connection], Result]) -> list[Result]:
    """Do something with each connection, in its company's scope and a transaction of its own."""
    results = []
    for key in keys:
        for company_pk in keys_from("company_of_connection", key):
            with company_scope(company_pk):
                results.append(work(Connection.objects.select_related("company").get(pk=key)))
    return results


def _status_row(connection: Connection) -> list[str]:
    exports = CandidateExport.objects.filter(connection=connection)
    counted = exports.aggregate(
        oldest=Min("requested_at", filter=COUNTS["waiting"]),
        stale=Count("pk", filter=~Q(claim=None) & Q(claimed_until__lt=timezone.now())),
        **{f"n_{name}": Count("pk", filter=rows) for name, rows in COUNTS.items()},
    )
    remarks = []
    if connection.needs_reconnect:
        remarks.append(f"lost {_span(timezone.now() - connection.state_changed_at)} ago ({connection.lost_reason})")
    if connection.paused_until and connection.paused_until > timezone.now():
        remarks.append(f"paused for {_span(connection.paused_until - timezone.now())}")
    if counted["stale"]:
        remarks.append(f"{counted['stale']} stale")
    for code, count in _codes(exports):
        remarks.append(f"{code}: {count}")
    return [
        connection.company.slug,
        str(connection.pk),
        connection.state,
        *(str(counted[f"n_{name}"]) for name in COUNTS),
        _span(timezone.now() - counted["oldest"]) if counted["oldest"] else "",
        ", ".join(remarks),
    ]


def _codes(exports: "QuerySet[CandidateExport]") -> list[tuple[str, int]]:
    failed = exports.filter(state=State.FAILED).order_by().values_list("failure_code")
    return [(code, count) for code, count in failed.annotate(count=Count("pk")).order_by("-count", "failure_code")]


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
