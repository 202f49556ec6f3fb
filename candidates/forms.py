"""What applicants and recruiters type."""

import re
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import RegexValidator, URLValidator

from accounts.models import Company, PublicCompany, User
from candidates.actions import Submission
from candidates.resumes import ACCEPT, CHOICES, ResumeType, check_resume
from jobs.models import Job

MAX_LINKS = 6
MAX_NOTE = 5000
PHONE = re.compile(r"^[\d\s()+./–-]*(\d[\s()+./–-]*){5}[\d\s()+./–-]*((x|ext\.?) ?\d{1,6})?$", re.IGNORECASE)
# A list's job filter is a <select>: the newest of these many jobs.
MAX_JOB_CHOICES = 200


class LinksField(forms.CharField):
    """Several addresses, one on each line."""

    widget = forms.Textarea(attrs={"rows": 3})

    def to_python(self, value: Any) -> Any:
        return list(dict.fromkeys(_with_scheme(link) for link in (super().to_python(value) or "").split()))

    def run_validators(self, value: Any) -> None:
        if len(value) > MAX_LINKS:
            raise ValidationError(f"Give up to {MAX_LINKS} links.", code="too_many")
        check = URLValidator(schemes=["http", "https"])
        for link in value:
            try:
                check(link)
            except ValidationError:
                message = f"“{link}” is not a web address. Write each on a line of its own."
                raise ValidationError(message, code="invalid") from None
            if len(link) > 300:
                raise ValidationError("A link can have up to 300 characters.", code="too_long")


def _with_scheme(link: str) -> str:
    return link if "://" in link else f"https://{link}"


class ApplyForm(forms.Form):
    """An application as it is typed on the public page of a job."""

    name = forms.CharField(
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Write your name."},
    )
    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        help_text="We send you a link there, to confirm the address and to see or withdraw your application.",
        error_messages={
            "required": "Write your e-mail address.",
            "invalid": "This is not an e-mail address. Write it like kim@example.net.",
        },
    )
    phone = forms.CharField(
        max_length=40,
        required=False,
        validators=[RegexValidator(PHONE, "This does not look like a phone number.")],
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    location = forms.CharField(
        max_length=120, required=False, widget=forms.TextInput(attrs={"placeholder": "City, country"})
    )
    headline = forms.CharField(
        max_length=200,
        required=False,
        help_text="Who you are in one line, such as “Nurse, ten years in palliative care”.",
    )
    links = LinksField(required=False, help_text=f"Your site or profiles: one on each line, up to {MAX_LINKS}.")
    resume = forms.FileField(
        label="Résumé",
        help_text=f"{CHOICES}, up to {settings.RESUME_MAX_BYTES / 2**20:g} MB.",
        widget=forms.FileInput(attrs={"accept": ACCEPT}),
        error_messages={
            "required": "Choose your résumé.",
            "empty": "This file is empty. Open it to see what is in it, and choose the right one.",
        },
    )
    note = forms.CharField(
        label="Note to the employer", max_length=MAX_NOTE, required=False, widget=forms.Textarea(attrs={"rows": 6})
    )

    resume_type: ResumeType

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_resume(self) -> UploadedFile:
        upload: UploadedFile = self.cleaned_data["resume"]
        self.resume_type = check_resume(upload)
        return upload

    def _post_clean(self) -> None:
        # Browsers never fill in a file again, so a form that comes back must say it, or the résumé gets lost.
        if self.errors and self.files.get("resume") and "resume" not in self.errors:
            self.add_error("resume", "Choose the file again: a browser does not keep it when a form comes back.")

    def submission(self) -> Submission:
        """Return what was typed, once it is valid."""
        return Submission(**self.cleaned_data, resume_type=self.resume_type)


class FilterForm(forms.Form):
    """What the list of candidates is narrowed to, from the page's address."""

    q = forms.CharField(label="Search", max_length=100, required=False)
    job = forms.ModelChoiceField(Job.objects.none(), required=False, empty_label="Any job")
    state = forms.ChoiceField(required=False)
    skills = forms.CharField(max_length=200, required=False)
    location = forms.CharField(max_length=100, required=False)
    show = forms.ChoiceField(
        choices=[("", "All"), ("applied", "Applied"), ("discoverable", "Discoverable")], required=False
    )

    def __init__(self, *args: Any, company: Company, states: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        jobs = Job.objects.for_company(company)
        # Any job of the company may be asked for; the page offers the newest ones and the chosen one.
        self.fields["job"].queryset = jobs  # type: ignore[attr-defined]
        self.newest_jobs = jobs.order_by("-created_at", "-pk").only("pk", "title")[:MAX_JOB_CHOICES]
        self.fields["state"].choices = [("", "Any state"), *states]  # type: ignore[attr-defined]

    def job_choices(self) -> list[Job]:
        """Return the jobs to choose from, by title."""
        jobs = {job.pk: job for job in self.newest_jobs}
        if chosen := self.cleaned_data.get("job"):
            jobs[chosen.pk] = chosen
        return sorted(jobs.values(), key=lambda job: (job.title.lower(), job.pk))

    def clean_skills(self) -> list[str]:
        return [skill.strip() for skill in self.cleaned_data["skills"].split(",") if skill.strip()]


class ShareForm(forms.Form):
    """A candidate shown to a colleague."""

    member = forms.ModelChoiceField(User.objects.none(), label="Colleague", empty_label="Choose a colleague")
    message = forms.CharField(
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Sent with the link by e-mail.",
    )

    def __init__(self, *args: Any, company: Company, sender: User, **options: Any) -> None:
        super().__init__(*args, **options)
        members = User.objects.filter(memberships__company=company, is_active=True).exclude(pk=sender.pk)
        self.fields["member"].queryset = members.order_by("name", "email")  # type: ignore[attr-defined]


class HideForm(forms.Form):
    """A company that a candidate does not want to be seen by."""

    company = forms.ModelChoiceField(
        PublicCompany.objects.order_by("name"),
        empty_label="Choose a company",
        widget=forms.Select(attrs={"data-combobox": "", "data-placeholder": "Search companies"}),
    )


class EraseForm(forms.Form):
    """A second thought before everything goes."""

    is_sure = forms.BooleanField(
        label="Yes, erase everything Purpose Jobs has about me",
        error_messages={"required": "Tick this to say that you are sure."},
    )
