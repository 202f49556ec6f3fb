from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import Company, User
from integrations.models import AccountUser, Connection, PostingLink
from integrations.queries import PostingChoice
from jobs.models import Job


class ChoiceSelect(forms.Select):
    """A select that app.js makes searchable; some of its options are seen, but cannot be chosen."""

    def __init__(self, placeholder: str, *, states: dict[str, str], disabled: set[str]) -> None:
        super().__init__({"data-combobox": "", "data-placeholder": placeholder})
        self.states, self.disabled = states, disabled

    def create_option(self, name: str, value: Any, *args: Any, **options: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **options)
        if self.states.get(str(value)):
            option["attrs"]["data-state"] = self.states[str(value)]
        if str(value) in self.disabled:
            option["attrs"]["disabled"] = True
        return option


class SettingsForm(forms.Form):
    """What a connection may do by itself, in whose name, and where to. Its names are those of `change_settings`."""

    exports_automatically = forms.BooleanField(
        required=False,
        label="Send applicants of connected jobs by themselves",
        help_text="Off: people can still be sent by hand, and who waits already still goes.",
    )
    sends_notes = forms.BooleanField(
        required=False, help_text="What somebody wrote to you when they applied becomes a note there."
    )
    acting_user_id = forms.ChoiceField(required=False)
    lead_posting_pk = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        label="Posting for people sent without a job",
        help_text="Without a posting they are general leads.",
    )

    def __init__(self, *args: Any, connection: Connection, postings: Sequence[PostingChoice], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["sends_notes"].label = f"Send the candidate's note to {connection.label}"
        self._offer_users(connection)
        self._offer_postings(connection, postings)
        for name, value in {
            "exports_automatically": connection.exports_automatically,
            "sends_notes": connection.sends_notes,
            "acting_user_id": connection.acting_user_id,
            "lead_posting_pk": connection.lead_posting_id,
        }.items():
            self.initial.setdefault(name, value)

    def _offer_users(self, connection: Connection) -> None:
        users = list(AccountUser.objects.filter(company=connection.company_id, connection=connection).order_by("name"))
        chosen = next((user for user in users if user.external_id == connection.acting_user_id), None)
        # Somebody who was deactivated stays to be seen, and is warned about, but is not offered to others.
        self.acting_user = chosen
        self.deactivated = chosen if chosen and not chosen.is_active else None
        self.is_gone = bool(connection.acting_user_id) and chosen is None
        self.has_users = any(user.is_active for user in users)
        offered = [user for user in users if user.is_active or user == chosen]
        nobody = "The posting's owner, or who connected"
        field = cast(forms.ChoiceField, self.fields["acting_user_id"])
        field.label = f"Acting user in {connection.label}"
        field.help_text = (
            f"A recruiter who has a user in {connection.label} with the same, confirmed e-mail address"
            " acts as themselves."
        )
        field.widget = ChoiceSelect(
            nobody, states={self.deactivated.external_id: "Deactivated"} if self.deactivated else {}, disabled=set()
        )
        gone = [(connection.acting_user_id, "Somebody who is gone")] if self.is_gone else []
        field.choices = [("", nobody), *gone, *[(user.external_id, f"{user.name} · {user.email}") for user in offered]]

    def _offer_postings(self, connection: Connection, postings: Sequence[PostingChoice]) -> None:
        chosen = connection.lead_posting
        self.closed_posting = chosen if chosen and not chosen.accepts_candidates else None
        choices = {str(each.pk): each.description for each in postings}
        if chosen:
            choices.setdefault(str(chosen.pk), chosen.title)
        open_pks = {str(each.pk) for each in postings if each.is_open}
        field = cast(forms.TypedChoiceField, self.fields["lead_posting_pk"])
        field.widget = ChoiceSelect(
            "No posting: a general lead",
            states={str(each.pk): each.state for each in postings},
            disabled=set(choices) - open_pks - {str(connection.lead_posting_id)},
        )
        field.choices = [("", "No posting: a general lead"), *choices.items()]


class JobExportsForm(forms.Form):
    """A connected job, and whether its applicants go by themselves."""

    CHOICES = {"off": False, "on": True, "settings": None}

    job = forms.TypedChoiceField(coerce=int)
    choice = forms.ChoiceField(
        label="Its applicants",
        choices=[
            ("off", "Wait until somebody sends them"),
            ("on", "Go by themselves"),
            ("settings", "As the settings"),
        ],
    )

    def __init__(self, *args: Any, links: "QuerySet[PostingLink]", **options: Any) -> None:
        super().__init__(*args, **options)
        field = cast(forms.TypedChoiceField, self.fields["job"])
        rows = links.order_by("job__title", "job_id").values_list("job_id", "job__title", "job__location")
        field.choices = [("", "Choose a connected job"), *[(pk, " · ".join(filter(None, row))) for pk, *row in rows]]
        field.widget.attrs = {"data-combobox": "", "data-placeholder": "Search connected jobs"}
        # What takes an exception back is a button beside it.
        cast(forms.ChoiceField, self.fields["choice"]).widget.choices = self.fields["choice"].choices[:2]  # type: ignore[attr-defined]

    def clean_choice(self) -> bool | None:
        """Return what the job's link is to say."""
        return self.CHOICES[self.cleaned_data["choice"]]


class SendForm(forms.Form):
    """Which of the company's connected jobs a candidate is sent to; none means no posting."""

    job = forms.ModelChoiceField(
        Job.objects.none(),
        required=False,
        error_messages={"invalid_choice": "This job is not connected any more. Choose another, or no posting."},
    )

    def __init__(self, *args: Any, company: Company, connection: Connection | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        links = PostingLink.objects.for_company(company).standing().exclude(job__status=Job.Status.DRAFT)
        if connection is not None:
            links = links.filter(connection=connection)
        self.links = list(links.select_related("job", "posting", "connection").order_by("posting__title", "pk"))
        accepting = [link.job_id for link in self.links if link.posting.accepts_candidates]
        cast("forms.ModelChoiceField[Job]", self.fields["job"]).queryset = Job.objects.for_company(company).filter(
            pk__in=accepting
        )


# Of a filter: what cannot be found is left out.
NO_SUCH_JOB = {"invalid_choice": "This job is no longer listed; all are shown."}


class DaysForm(forms.Form):
    """From one day to another, both counted; a child adds what else is asked."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("from", "to"):  # which are no names for attributes
            day = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
            self.fields[name] = forms.DateField(required=False, label=name.capitalize(), widget=day)

    def moments(self) -> tuple[datetime | None, datetime | None]:
        """Return from when and before when, in the user's zone; None where no day is named."""
        first, last = self.cleaned_data.get("from"), self.cleaned_data.get("to")
        try:
            return first and midnight(first), last and midnight(last + timedelta(days=1))
        except OverflowError:  # the last day there is
            return first and midnight(first), None


def midnight(day: date) -> datetime:
    """Return the moment at which a day begins in the user's zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


class ActivityForm(DaysForm):
    """Which acts the log shows: what kind, whose, of which job, in which days."""

    kind = forms.ChoiceField(required=False)
    by = forms.ChoiceField(required=False, label="Who")
    job = forms.ModelChoiceField(Job.objects.none(), required=False, empty_label="All jobs", error_messages=NO_SUCH_JOB)

    def __init__(
        self,
        *args: Any,
        kinds: Mapping[str, tuple[str, list[str]]],
        jobs: "QuerySet[Job]",
        people: "QuerySet[User]",
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        cast("forms.ModelChoiceField[Job]", self.fields["job"]).queryset = jobs
        cast(forms.ChoiceField, self.fields["kind"]).choices = [
            ("", "All kinds"),
            *[(kind, word) for kind, (word, _) in kinds.items()],
        ]
        cast(forms.ChoiceField, self.fields["by"]).choices = [
            ("", "Everybody"),
            *[(str(person.pk), str(person)) for person in people],
        ]
        self.order_fields(["kind", "by", "job", "from", "to"])


class ReportForm(DaysForm):
    """Which of those sent the report counts: in which days, for which job, asked for by whom."""

    job = forms.ModelChoiceField(Job.objects.none(), required=False, empty_label="All jobs", error_messages=NO_SUCH_JOB)
    by = forms.ChoiceField(required=False, label="Sent by")

    def __init__(self, *args: Any, jobs: "QuerySet[Job]", people: "QuerySet[User]", **options: Any) -> None:
        super().__init__(*args, **options)
        cast("forms.ModelChoiceField[Job]", self.fields["job"]).queryset = jobs
        cast(forms.ChoiceField, self.fields["by"]).choices = [
            ("", "Everybody"),
            ("itself", "By itself"),
            *[(str(person.pk), str(person)) for person in people],
        ]
        self.order_fields(["from", "to", "job", "by"])
