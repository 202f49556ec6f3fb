"""What happens to companies and their teams beyond one row."""

from collections.abc import Iterable
from itertools import count

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from accounts.models import Company, Invitation, Membership, Notification, PublicCompany, User
from purposejobs.tenancy import company_scope, reserve_pk

INVITATION_SALT = "accounts.invitation"
INVITATION_SECONDS = 14 * 24 * 3600
SLUG_TRIES = 20


class Refused(Exception):
    """The act would break a rule; the code says which."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def found_company(*, name: str, founder: User) -> Company:
    """Create a company with its first admin. Its address is its name; the second of a name gets a number."""
    base = slugify(name)[:50].strip("-") or "company"
    taken = set(PublicCompany.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    slugs = (slug for number in count(1) if (slug := base if number == 1 else f"{base}-{number}") not in taken)
    for attempt, slug in enumerate(slugs, start=1):
        pk = reserve_pk(Company)
        try:
            with company_scope(pk):
                company = Company.objects.create(pk=pk, name=name, slug=slug)
                Membership.objects.create(user=founder, company=company, role=Membership.Role.ADMIN)
                return company
        except IntegrityError:
            # Somebody took the address since we looked.
            if attempt == SLUG_TRIES:
                raise
    raise AssertionError("numbers do not end")


def invitation_token(invitation: Invitation) -> str:
    """Return what leads to an invitation: its key and its company's, signed."""
    return signing.dumps([invitation.company_id, invitation.pk], salt=INVITATION_SALT)


def read_invitation(token: str) -> Invitation | None:
    """Return the invitation of a token: None when the token is not ours or too old, or it was taken back or used."""
    try:
        company_pk, pk = signing.loads(token, salt=INVITATION_SALT, max_age=INVITATION_SECONDS)
    except (signing.BadSignature, ValueError):
        return None
    with company_scope(company_pk):
        return Invitation.objects.select_related("company", "invited_by").filter(pk=pk, accepted_at=None).first()


def invite(*, company: Company, email: str, role: str, invited_by: User) -> Invitation:
    """Ask an address to join the company; asked again, the same invitation gets the new role and a new mail.

    Raises Refused("member") when the address belongs to a member. The mail goes out after the commit.
    """
    email = email.lower()
    if Membership.objects.filter(company=company, user__email=email).exists():
        raise Refused("member")
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(company=company, email=email, role=role, invited_by=invited_by)
    except IntegrityError:
        Invitation.objects.filter(company=company, email=email, accepted_at=None).update(role=role)
        invitation = Invitation.objects.get(company=company, email=email, accepted_at=None)
    # Written now, while the company is in scope; a mail server that is away must not undo the invitation.
    transaction.on_commit(_invitation_mail(invitation, company, invited_by).send, robust=True)
    return invitation


def _invitation_mail(invitation: Invitation, company: Company, invited_by: User) -> EmailMessage:
    url = settings.PUBLIC_URL + reverse("invitation_accept", args=[invitation_token(invitation)])
    body = render_to_string(
        "accounts/invitation_mail.txt",
        {
            "invitation": invitation,
            "company": company,
            "invited_by": invited_by,
            "url": url,
            "days": INVITATION_SECONDS // 86400,
        },
    )
    return EmailMessage(f"Join {company} on Purpose Jobs", body, to=[invitation.email])


def accept_invitation(*, invitation: Invitation, user: User) -> Membership:
    """Make the user a member. Raises Refused("used") when the invitation was used or taken back in the meantime.

    Whoever has the link has read the mail, so it proves the address as well as a confirmation would.
    """
    with company_scope(invitation.company_id):
        accepted = Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(accepted_at=timezone.now())
        if not accepted:
            raise Refused("used")
        membership, _ = Membership.objects.get_or_create(
            user=user, company_id=invitation.company_id, defaults={"role": invitation.role}
        )
        EmailAddress.objects.filter(user=user, email=invitation.email).update(verified=True)
        return membership


def change_role(*, membership: Membership, role: str) -> None:
    """Give a member another role. Raises Refused("last_admin") when nobody would be left to run the company."""
    with transaction.atomic():
        if role != Membership.Role.ADMIN:
            _refuse_last_admin(membership)
        membership.role = role
        membership.save(update_fields=["role"])


def remove_member(*, membership: Membership) -> None:
    """Take somebody out of the company. Raises Refused("last_admin") when nobody would be left to run it."""
    with transaction.atomic():
        _refuse_last_admin(membership)
        membership.delete()


def _refuse_last_admin(membership: Membership) -> None:
    # All admins' rows are locked in one order, so that two admins who demote each other wait for one another.
    admins = Membership.objects.filter(company_id=membership.company_id, role=Membership.Role.ADMIN)
    pks = list(admins.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    if pks == [membership.pk]:
        raise Refused("last_admin")


def notify(*, company: Company, users: Iterable[User], kind: str, title: str, text: str = "", path: str = "") -> int:
    """Put something behind the bell of members (`company.members()`, `company.admins()`); return of how many.

    `path` is where it leads, an address of ours without the host. Whoever has not yet read the same (kind and path)
    is not told again.
    """
    told = Notification.objects.filter(company=company, kind=kind, path=path).unread().values_list("user", flat=True)
    known = set(told)
    rows = [
        Notification(company=company, user=user, kind=kind, title=title[:200], text=text[:500], path=path)
        for user in users
        if user.pk not in known
    ]
    # Told at the same moment by somebody else: once is enough, and the database says so.
    Notification.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def mark_read(*, company: Company, kinds: Iterable[str], path: str) -> None:
    """Take what is over from everybody's bell."""
    told = Notification.objects.filter(company=company, kind__in=list(kinds), path=path)
    told.unread().update(read_at=timezone.now())
