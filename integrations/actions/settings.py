"""What a company chooses for its connection, and for one job of it; each change is remembered in words."""

from typing import Any, Final

from accounts.models import Company, User
from integrations.actions.users import choose_acting_user
from integrations.errors import Refused
from integrations.models import AccountUser, Activity, Connection, Posting, PostingLink
from jobs.models import Job


class _Unchanged:
    """What was not named stays as it is."""


UNCHANGED: Final = _Unchanged()


def change_settings(
    *,
    connection: Connection,
    changed_by: User,
    exports_automatically: bool | _Unchanged = UNCHANGED,
    sends_notes: bool | _Unchanged = UNCHANGED,
    acting_user_id: str | _Unchanged = UNCHANGED,
    lead_posting_pk: int | _Unchanged | None = UNCHANGED,
) -> list[str]:
    """Store what is new among these, and return it in words; nothing new, nothing is written.

    Without an acting user (empty) somebody is found for each posting; without a posting (None) whoever is sent without
    a job is a general lead. Who waits already still goes. Raises Refused: `acting_user_gone`, `posting_gone`,
    `posting_closed`.
    """
    current = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
    fields: dict[str, Any] = {}
    changes = []
    if not isinstance(exports_automatically, _Unchanged) and exports_automatically != current.exports_automatically:
        fields["exports_automatically"] = exports_automatically
        changes.append(f"Automatic sending turned {'on' if exports_automatically else 'off'}")
    if not isinstance(sends_notes, _Unchanged) and sends_notes != current.sends_notes:
        fields["sends_notes"] = sends_notes
        changes.append("Notes are sent" if sends_notes else "Notes are no longer sent")
    if not isinstance(acting_user_id, _Unchanged) and acting_user_id != current.acting_user_id:
        changes.append(f"Acting user: {_name_of_user(current, acting_user_id)}")
        choose_acting_user(connection=current, external_id=acting_user_id)
    if not isinstance(lead_posting_pk, _Unchanged) and lead_posting_pk != current.lead_posting_id:
        changes.append(f"Without a job: {_title_of_posting(current, lead_posting_pk)}")
        fields["lead_posting_id"] = lead_posting_pk
    if fields:
        Connection.objects.filter(pk=current.pk).update(**fields)
    Activity.objects.bulk_create(
        Activity(
            company_id=current.company_id,
            connection=current,
            verb=Activity.Verb.CHANGED,
            actor=changed_by,
            detail=change[:200],
        )
        for change in changes
    )
    return changes


def set_job_exports(*, company: Company, job: Job, exports_automatically: bool | None, changed_by: User) -> bool:
    """Let applicants to this job go by themselves or not, or as the connection says (None); say whether that is new.

    Raises Refused("job_not_linked").
    """
    links = PostingLink.objects.for_company(company).standing().filter(job=job)
    link = links.select_for_update(no_key=True, of=("self",)).first()
    if link is None:
        raise Refused("job_not_linked")
    if link.exports_automatically == exports_automatically:
        return False
    PostingLink.objects.filter(pk=link.pk).update(exports_automatically=exports_automatically)
    words = {True: "on", False: "off", None: "as in the settings"}[exports_automatically]
    Activity.objects.create(
        company=company,
        connection_id=link.connection_id,
        verb=Activity.Verb.CHANGED,
        actor=changed_by,
        job=job,
        detail=f"Automatic sending {words}",
    )
    return True


def _name_of_user(connection: Connection, external_id: str) -> str:
    if not external_id:
        return "the posting's owner, or who connected"
    user = AccountUser.objects.filter(connection=connection, external_id=external_id, is_active=True).first()
    if user is None:
        raise Refused("acting_user_gone")
    return user.name


def _title_of_posting(connection: Connection, posting_pk: int | None) -> str:
    if posting_pk is None:
        return "no posting"
    posting = Posting.objects.filter(connection=connection, pk=posting_pk).first()
    if posting is None or posting.gone_at:
        raise Refused("posting_gone")
    if not posting.is_open:
        raise Refused("posting_closed", posting=posting.title)
    return posting.title
