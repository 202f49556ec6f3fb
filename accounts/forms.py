"""Forms about people and companies."""

import zoneinfo
from functools import lru_cache
from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.core import context
from django import forms
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from accounts import actions
from accounts.models import Company, Invitation, Membership, User


@lru_cache
def zone_choices() -> list[tuple[str, str]]:
    """Return the zones that are named after places, and UTC."""
    regions = {"Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
    names = sorted(name for name in zoneinfo.available_timezones() if name.split("/")[0] in regions)
    return [(name, name.replace("_", " ")) for name in ["UTC", *names]]


def _speak_our_words(form: forms.Form) -> None:
    """Take the library's placeholders away, and name the address as the rest of the product does."""
    for name, field in form.fields.items():
        field.widget.attrs.pop("placeholder", None)
        if name in ("login", "email"):
            field.label = "E-mail"


class LoginForm(AllauthLoginForm):
    """The library's, in our words."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        _speak_our_words(self)


class ResetPasswordForm(AllauthResetPasswordForm):
    """The library's, in our words."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        _speak_our_words(self)


class SignupForm(AllauthSignupForm):
    """A person with a new company, or with an invitation to one: the link in the mail left it in the session."""

    name = forms.CharField(max_length=150, label="Your name", widget=forms.TextInput(attrs={"autocomplete": "name"}))
    company_name = forms.CharField(
        max_length=120, label="Company", widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )
    field_order = ["name", "company_name", "email", "password1"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        _speak_our_words(self)
        self.fields["email"].label = "Work e-mail"
        self.fields["password1"].help_text = "At least 10 characters."
        self.invitation = invitation_in_session(context.request)
        if self.invitation:
            company_name = self.fields["company_name"]
            company_name.required = False
            company_name.help_text = f"Not needed to join {self.invitation.company} as {self.invitation.email}."
            self.fields["email"].initial = self.invitation.email

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not self._joins() and not cleaned.get("company_name") and "company_name" not in self.errors:
            assert self.invitation is not None  # noqa: S101  the field is required without one
            message = f"Name your company, or sign up as {self.invitation.email} to join {self.invitation.company}."
            self.add_error("company_name", message)
        return cleaned

    def _joins(self) -> bool:
        """Say whether this is the person of the invitation; who names a company gets that, and can join later."""
        if self.invitation is None or self.cleaned_data.get("company_name"):
            return False
        return self.cleaned_data.get("email") == self.invitation.email.lower()

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Save, or lead to the sign-in page whoever was overtaken by their own second click."""
        try:
            return super().try_save(request)
        except (IntegrityError, actions.Refused):
            messages.info(request, "This account exists already. Sign in to go on.")
            return None, redirect("account_login")

    def save(self, request: HttpRequest) -> User:
        """Save the person and the company together, or neither."""
        with transaction.atomic():
            return super().save(request)

    def custom_signup(self, request: HttpRequest, user: User) -> None:
        """Be called by allauth with the new user, before it keeps the address."""
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])
        if self.invitation and self._joins():
            actions.accept_invitation(invitation=self.invitation, user=user)
            request.session.pop("invitation", None)
        else:
            actions.found_company(name=self.cleaned_data["company_name"], founder=user)


def invitation_in_session(request: HttpRequest | None) -> Invitation | None:
    """Return the open invitation whose link this visitor followed, if any."""
    token = request.session.get("invitation") if request is not None else None
    return actions.read_invitation(token) if token else None


class ProfileForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        required=False,
        label="Time zone",
        help_text="Times are shown in this zone.",
        widget=forms.Select(attrs={"data-combobox": "", "data-placeholder": "As this browser says"}),
    )

    class Meta:
        model = User
        fields = ["name", "time_zone"]
        labels = {"name": "Your name"}

    def __init__(self, *args: Any, browser_zone: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["name"].required = True
        zones = zone_choices()
        current = self.instance.time_zone
        if current and (current, current.replace("_", " ")) not in zones:
            zones = [*zones, (current, current)]
        automatic = (
            f"As this browser says ({browser_zone.replace('_', ' ')})" if browser_zone else "As this browser says"
        )
        self.fields["time_zone"].choices = [("", automatic), *zones]  # type: ignore[attr-defined]


class CompanyForm(forms.ModelForm):
    website = forms.URLField(
        required=False, assume_scheme="https", widget=forms.URLInput(attrs={"placeholder": "https://"})
    )

    class Meta:
        model = Company
        fields = ["name", "website", "about"]
        labels = {"name": "Company name"}
        help_texts = {"about": "Shown on your public page and below every job. You can use Markdown."}
        widgets = {"about": forms.Textarea(attrs={"rows": 8})}


class CompanyNewForm(forms.Form):
    name = forms.CharField(
        max_length=120, label="Company name", widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )


class InvitationForm(forms.Form):
    email = forms.EmailField(label="E-mail address", widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    role = forms.ChoiceField(choices=Membership.Role.choices, initial=Membership.Role.RECRUITER, label="Role")


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=Membership.Role.choices, label="Role")
