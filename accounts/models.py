"""People who sign in, the companies they work for, and what they may do there."""

import zoneinfo
from typing import Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower, Now
from django.urls import reverse
from django.utils import timezone

from purposejobs.tenancy import TenantModel


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Create a user; the address is stored in lower case, as it is compared."""
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        """Create somebody who may use the operators' admin pages."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())


class User(AbstractBaseUser, PermissionsMixin):
    """Somebody who signs in with an e-mail address. May belong to several companies."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=150, blank=True)
    time_zone = models.CharField(max_length=64, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []  # type: ignore[misc]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="accounts_user_one_per_email")]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return (self.name or self.email).split(" ")[0].split("@")[0]

    def zone(self) -> zoneinfo.ZoneInfo | None:
        """Return the chosen time zone, or None when there is none or it is not known here."""
        try:
            return zoneinfo.ZoneInfo(self.time_zone) if self.time_zone else None
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            return None


class Company(models.Model):
    """The tenant. Seen in its own scope, and by its members."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    website = models.URLField(blank=True)
    about = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "companies"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("public_company", args=[self.slug])

    def members(self) -> "models.QuerySet[User]":
        """Return everybody who works here; the company must be in scope."""
        return User.objects.filter(is_active=True, memberships__company=self).order_by("pk")

    def admins(self) -> "models.QuerySet[User]":
        """Return those who may change its settings; the company must be in scope."""
        role = Membership.Role.ADMIN
        return User.objects.filter(
            is_active=True, memberships__in=Membership.objects.filter(company=self, role=role)
        ).order_by("pk")


class Membership(models.Model):
    """A user in a company."""

    class Role(models.TextChoices):
        ADMIN = "admin", "Admin"
        RECRUITER = "recruiter", "Recruiter"

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    company = models.ForeignKey(Company, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role, default=Role.RECRUITER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "company"], name="accounts_membership_once")]

    def __str__(self) -> str:
        return f"{self.user} in {self.company}"

    @property
    def is_admin(self) -> bool:
        return self.role == self.Role.ADMIN


class Invitation(models.Model):
    """An e-mail address asked to join a company."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=20, choices=Membership.Role, default=Membership.Role.RECRUITER)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    accepted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                "company",
                condition=models.Q(accepted_at=None),
                name="accounts_invitation_one_open",
                violation_error_message="This person has been invited already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} to {self.company}"


class PublicCompany(models.Model):
    """What everybody may read of a company: a view that the owner of the tables gives out."""

    id = models.BigIntegerField(primary_key=True)
    name = models.CharField(max_length=120)
    slug = models.SlugField()
    website = models.URLField()
    about = models.TextField()

    class Meta:
        managed = False
        db_table = "accounts_public_company"

    def __str__(self) -> str:
        return self.name


class NotificationQuerySet(models.QuerySet["Notification"]):
    def for_member(self, user: User, company: Company) -> Self:
        return self.filter(user=user, company=company)

    def unread(self) -> Self:
        return self.filter(read_at=None)


class Notification(TenantModel):
    """Something a member should know, behind the bell. Never one per record: the pages say those."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    # What it is about ("connection_lost"), so that the same thing is not told twice while it is unread.
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    text = models.CharField(max_length=500, blank=True)
    # Where it leads: a path of ours.
    path = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    read_at = models.DateTimeField(null=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["user", "company", "-created_at", "-id"], name="accounts_notification_newest"),
            models.Index(
                fields=["user", "company"], condition=models.Q(read_at=None), name="accounts_notification_unread"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "company", "kind", "path"],
                condition=models.Q(read_at=None),
                name="accounts_notification_once",
            )
        ]

    def __str__(self) -> str:
        return self.title


class LetterQuerySet(models.QuerySet["Letter"]):
    def due(self) -> Self:
        return self.filter(next_attempt_at__lte=Now())


class Letter(TenantModel):
    """An e-mail that has to arrive: kept until the mail server has taken it, then deleted. See letters.py."""

    # Whom, not where: the address is the one they have when it goes out.
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    subject = models.CharField(max_length=200)
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveIntegerField(default=0)

    objects = LetterQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["next_attempt_at"], name="accounts_letter_due")]

    def __str__(self) -> str:
        return f"letter {self.pk}"
