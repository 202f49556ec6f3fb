"""A company connected to the far side, people it sent there, and what the tests of following ask of both."""

import itertools

from django.utils import timezone

from integrations import actions, following, mirroring
from integrations.models import CandidateExport, Connection, StageChange, WebhookEvent
from integrations.pacing import redis_client
from purposejobs.tenancy import company_scope
from tests.integrations.far_side import SLUG, FarSide, Record
from tests.integrations.rows import make_export

numbers = itertools.count(1)


def let_tokens_come(connection) -> None:
    redis_client().delete(f"pace:{connection.bucket}")
    redis_client().hset(f"pace:{connection.bucket}", mapping={"tokens": 1000})


class Followed:
    """One company's side of it."""

    def __init__(self, far: FarSide, company, admin) -> None:
        self.far, self.company, self.admin = far, company, admin
        self.connect()
        self.refresh_account()

    def connect(self) -> None:
        with company_scope(self.company):
            self.connection = actions.open_connection(
                company=self.company, provider=SLUG, tokens=self.far.grant(), connected_by=self.admin
            )

    def refresh_account(self) -> None:
        let_tokens_come(self.connection)
        mirroring.refresh_account(self.connection.pk)

    def disconnect(self) -> None:
        with company_scope(self.company):
            actions.close_connection(connection=self.connection, closed_by=self.admin)

    def send(self, external_id: str = "", **fields) -> CandidateExport:
        """Let somebody have been sent, and looked at since."""
        external_id = external_id or f"record-{next(numbers)}"
        if all(row.external_id != external_id for row in self.far.records):
            self.far.records.append(Record(external_id, f"{external_id}@example.net", "", timezone.now()))
        fields = {"checked_at": timezone.now(), "stage_id": "new"} | fields
        return make_export(self.connection, state="sent", external_id=external_id, **fields)

    def deliver(self, external_id: str, *, token: str = "", event: str = "moved") -> bool:
        with company_scope(self.company):
            return actions.take_delivery(
                connection=self.read_connection(),
                token=token or f"token-{next(numbers)}",
                event=event,
                triggered_at=timezone.now(),
                external_id=external_id,
                body={"id": external_id},
            )

    def follow(self, *, turns: int = 30) -> None:
        """Follow until nothing is due, as the worker would."""
        for _ in range(turns):
            let_tokens_come(self.connection)
            if following.follow(self.connection.pk) is None:
                return
        raise AssertionError("the follower found no end")

    def catch_up(self) -> None:
        """Let the time of the next catch-up have come, and follow."""
        self.change(next_catch_up_at=timezone.now())
        self.follow()

    def change(self, **fields) -> None:
        with company_scope(self.company):
            Connection.objects.filter(pk=self.connection.pk).update(**fields)

    def change_export(self, export, **fields) -> None:
        with company_scope(self.company):
            CandidateExport.objects.filter(pk=export.pk).update(**fields)

    def read_connection(self) -> Connection:
        with company_scope(self.company):
            return Connection.objects.select_related("company").get(pk=self.connection.pk)

    def read(self, export) -> CandidateExport:
        with company_scope(self.company):
            return CandidateExport.objects.get(pk=export.pk)

    def history(self, export) -> list[tuple[str, str]]:
        """Give what happened, in order: what, and where to or why."""
        with company_scope(self.company):
            changes = StageChange.objects.filter(export=export).order_by("happened_at", "pk")
            return [(change.kind, change.stage_name or change.reason_name) for change in changes]

    def told_by(self, export) -> list[str]:
        with company_scope(self.company):
            changes = StageChange.objects.filter(export=export).order_by("happened_at", "pk")
            return [change.told_by for change in changes]

    def outcomes(self) -> list[str]:
        with company_scope(self.company):
            return list(WebhookEvent.objects.order_by("pk").values_list("outcome", flat=True))
