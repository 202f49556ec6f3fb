from typing import Any, cast

from django import forms
from django.db.models import QuerySet

from accounts.models import Company, User
from integrations.models import AccountUser, Connection, PostingLink
from jobs.models import Job


class ActingUserForm(forms.Form):
    """In whose name candidates are added; empty lets us find somebody for each posting."""

    acting_user = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, connection: Connection, **options: Any) -> None:
        super().__init__(*args, **options)
        users = list(AccountUser.objects.filter(company=connection.company_id, connection=connection).order_by("name"))
        chosen = next((user for user in users if user.external_id == connection.acting_user_id), None)
        # Somebody who was deactivated stays to be seen, and is warned about, but cannot be chosen anew.
        self.deactivated = chosen if chosen and not chosen.is_active else None
        self.is_gone = bool(connection.acting_user_id) and chosen is None
        self.has_choice = any(user.is_active for user in users)
        field = cast(forms.ChoiceField, self.fields["acting_user"])
        field.label = f"Acting user in {connection.label}"
        field.help_text = (
            f"A recruiter who has a user in {connection.label} with the same, confirmed e-mail address"
            " acts as themselves."
        )
        field.choices = [
            ("", "The posting's owner, or who connected"),
            *[(user.external_id, f"{user.name} · {user.email}") for user in users if user.is_active],
        ]
        field.widget.attrs = {"data-combobox": "", "data-placeholder": "The posting's owner, or who connected"}
        self.initial.setdefault("acting_user", connection.acting_user_id)


class SendForm(forms.Form):
    """Which of the company's connected jobs a candidate is sent to; none means no posting."""

    job = forms.ModelChoiceField(
        Job.objects.none(),
        required=False,
        error_messages={"invalid_choice": "This job is not connected any more. Choose another, or no posting."},
    )

    def __init__(self, *args: Any, company: Company, **options: Any) -> None:
        super().__init__(*args, **options)
        links = PostingLink.objects.for_company(company).standing().exclude(job__status=Job.Status.DRAFT)
        self.links = list(links.select_related("job", "posting", "connection").order_by("posting__title", "pk"))
        accepting = [link.job_id for link in self.links if link.posting.accepts_candidates]
        cast("forms.ModelChoiceField[Job]", self.fields["job"]).queryset = Job.objects.for_company(company).filter(
            pk__in=accepting
        )


class ReportForm(forms.Form):
    """Which of those sent the report counts: in which days, for which job, asked for by whom."""

    job = forms.ModelChoiceField(Job.objects.none(), required=False, empty_label="All jobs")
    by = forms.ChoiceField(required=False, label="Sent by")

    def __init__(self, *args: Any, jobs: "QuerySet[Job]", people: "QuerySet[User]", **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("from", "to"):  # which are no names for attributes
            day = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
            self.fields[name] = forms.DateField(required=False, label=name.capitalize(), widget=day)
        cast("forms.ModelChoiceField[Job]", self.fields["job"]).queryset = jobs
        cast(forms.ChoiceField, self.fields["by"]).choices = [
            ("", "Everybody"),
            ("itself", "By itself"),
            *[(str(person.pk), str(person)) for person in people],
        ]
        self.order_fields(["from", "to", "job", "by"])
