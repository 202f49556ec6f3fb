"""Telling people what they should know: e-mails to admins, and what stands behind the bell. Never one per record.

Each is written in the caller's transaction and the company's scope; a letter goes out after the commit, and again until
the mail server takes it (`accounts.letters`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from django.conf import settings
from django.db.models import Count, Q
from django.template.loader import render_to_string
from django.urls import reverse

from accounts import letters
from accounts.actions import mark_read, notify
from integrations.models import CandidateExport, Connection, PostingLink
from integrations.nudging import nudge
from integrations.wording import Words, describe_failure, describe_hold
from purposejobs.tenancy import company_scope, keys_from

# By name: who delivers need not be imported.
DELIVER = "accounts.tasks.deliver"

# What notifications are about; their page gives each its icon.
LOST, BACK, END = "connection_lost", "connection_back", "connection_ends"
DIGEST, POSTING_CLOSED, JOB_DIFFERS = "digest", "posting_closed", "job_differs"


def tell_lost(connection: Connection) -> None:
    """Ask the admins to reconnect: one e-mail, one notification. Everybody sees the banner while it lasts."""
    company, label = connection.company, connection.label
    waiting = CandidateExport.objects.filter(connection=connection).under_way().count()
    _write(connection, "lost", {"waiting": waiting})
    notify(
        company=company,
        users=company.admins(),
        kind=LOST,
        title=f"Reconnect {label}",
        text=f"{company.name}'s {label} account no longer accepts our access. Candidates wait; nobody is lost.",
        path=_connection_place(connection),
    )


def tell_back(connection: Connection) -> None:
    """Tell the admins that a lost connection is there again; asking for it is over."""
    company, label = connection.company, connection.label
    waiting = CandidateExport.objects.filter(connection=connection).under_way().count()
    _write(connection, "back", {"waiting": waiting})
    notify(
        company=company,
        users=company.admins(),
        kind=BACK,
        title=f"{label} is connected again",
        text=_who_goes_out(waiting),
        path=_connection_place(connection),
    )


def stop_asking(connection: Connection) -> None:
    """Take from the bells what asked to reconnect: it was done, or the connection was ended."""
    mark_read(company=connection.company, kinds=[LOST, END], path=_connection_place(connection))


def tell_of_end(connection: Connection) -> None:
    """Ask the admins to reconnect before the grant's life ends."""
    _write(connection, "ends", {"ends_at": connection.ends_at})
    notify(
        company=connection.company,
        users=connection.company.admins(),
        kind=END,
        title=f"Reconnect {connection.label} before {connection.ends_at:%-d %B %Y}",
        text=f"{connection.label} lets access live for a limited time. Reconnect before then and nothing stops.",
        path=_connection_place(connection),
    )


def tell_posting_closed(links: Iterable[PostingLink]) -> int:
    """Tell everybody in the company of jobs whose posting closed or vanished while applicants wait; of how many.

    The links are of one connection, with connection, company, job and posting at hand.
    """
    links = list(links)
    if not links:
        return 0
    company, label = links[0].connection.company, links[0].connection.label
    rows = CandidateExport.objects.under_way().filter(job__in=[link.job_id for link in links]).order_by()
    waiting = dict(rows.values_list("job").annotate(number=Count("pk")))
    links = [link for link in links if waiting.get(link.job_id)]
    members = list(company.members()) if links else []
    for link in links:
        number = waiting[link.job_id]
        notify(
            company=company,
            users=members,
            kind=POSTING_CLOSED,
            title=f"The posting of {link.job.title} is {'gone' if link.posting.gone_at else 'closed'} in {label}",
            text=f"{number} applicant{'' if number == 1 else 's'} wait{'s' if number == 1 else ''}."
            " Reopen it there, or connect the job with another posting.",
            path=reverse("job_edit", args=[company.slug, link.job_id]),
        )
    return len(links)


def tell_job_differs(link: PostingLink) -> None:
    """Tell everybody in the company that an imported job and its posting no longer say the same."""
    company = link.connection.company
    notify(
        company=company,
        users=company.members(),
        kind=JOB_DIFFERS,
        title=f"{link.job.title} was changed in {link.connection.label}",
        text="The job was edited here, so nothing was taken over. Look at the differences and choose.",
        path=reverse("job_posting_diff", args=[company.slug, link.job_id]),
    )


# -- The digest -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Trouble:
    """Exports that need a person for one reason, in words."""

    number: int
    title: str
    remedy: str
    url: str


def digest_hour(now: datetime) -> datetime | None:
    """Return the moment of the digest of this day; None while it is still to come."""
    now = now.astimezone(UTC)
    hour = now.replace(hour=settings.DIGEST_HOUR, minute=0, second=0, microsecond=0)
    return hour if now >= hour else None


def write_digest(connection_pk: int, hour: datetime) -> bool:
    """Write to the admins which of a connection's exports need a person, by reason; say whether there was a letter.

    Once a day: the day is taken in the transaction that writes the letters, so two at once, or one that dies in the
    middle, make no second letter and lose none. Nothing to tell: the day is taken all the same.
    """
    for company_pk in keys_from("company_of_connection", connection_pk):
        with company_scope(company_pk):
            day = hour.date()
            standing = Connection.objects.standing().filter(pk=connection_pk)
            taken = standing.filter(Q(digest_sent_on=None) | Q(digest_sent_on__lt=day)).update(digest_sent_on=day)
            if not taken:
                return False
            connection = Connection.objects.select_related("company").get(pk=connection_pk)
            troubles = troubles_of(connection)
            if not troubles:
                return False
            number = sum(trouble.number for trouble in troubles)
            company, path = connection.company, reverse("export_list", args=[connection.company.slug])
            _write(
                connection, "digest", {"troubles": troubles, "number": number, "exports": settings.PUBLIC_URL + path}
            )
            notify(
                company=company,
                users=company.admins(),
                kind=DIGEST,
                title=f"Candidates on the way to {connection.label} need a person",
                text="; ".join(f"{trouble.number:,} × {trouble.title}" for trouble in troubles),
                path=path,
            )
            return True
    return False


def troubles_of(connection: Connection) -> list[Trouble]:
    """Count a connection's exports that need a person, by reason, the most frequent first."""
    exports, label = CandidateExport.objects.filter(connection=connection).order_by(), connection.label
    page = settings.PUBLIC_URL + reverse("export_list", args=[connection.company.slug]) + "?state=attention"
    states, follow_ups = CandidateExport.State, CandidateExport.FollowUp
    found: list[tuple[int, Words, str]] = []
    failed = exports.filter(state=states.FAILED).values_list("failure_code").annotate(number=Count("pk"))
    for code, number in failed:
        found.append((number, describe_failure(code, {}, label), f"{page}&code={quote(code)}" if code else page))
    held = exports.filter(state=states.WAITING).exclude(held_reason="").values_list("held_reason")
    for code, number in held.annotate(number=Count("pk")):
        found.append((number, describe_hold(code, label), page))
    unfinished = exports.filter(state=states.SENT, follow_up=follow_ups.FAILED, deleted_there_at=None)
    for code, number in unfinished.values_list("follow_up_code").annotate(number=Count("pk")):
        found.append((number, describe_failure(code, {}, label), page))
    return [
        Trouble(number, words.title, words.remedy, url)
        for number, words, url in sorted(found, key=lambda row: (-row[0], row[1].title))
    ]


def _write(connection: Connection, template: str, context: dict[str, object]) -> None:
    """Write integrations/mail/<template>.txt, whose first line is the subject, to the company's admins."""
    company = connection.company
    page = settings.PUBLIC_URL + _connection_page(connection)
    words = {"company": company, "label": connection.label, "connection": connection, "page": page, **context}
    subject, _, text = render_to_string(f"integrations/mail/{template}.txt", words).strip().partition("\n")
    letters.write(company=company, users=company.admins(), subject=subject, text=text)
    nudge(DELIVER, company.pk)


def _connection_page(connection: Connection) -> str:
    return reverse("integration_list", args=[connection.company.slug])


def _connection_place(connection: Connection) -> str:
    """Return where a bell leads: the page, and the connection on it, so that two are two notifications."""
    return f"{_connection_page(connection)}#{connection.provider}"


def _who_goes_out(waiting: int) -> str:
    if not waiting:
        return "Nobody was waiting."
    return "One candidate goes out now." if waiting == 1 else f"{waiting:,} candidates go out now."
