"""The form of a job, with what it is connected with at the company's ATS."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from integrations.queries import LinkedPosting, PostingChoice
from jobs.models import Job, Workplace
from purposejobs.paging import in_words


@dataclass(frozen=True)
class Connecting:
    """What a job can be connected with: given by the view where a connection stands."""

    label: str
    postings: Sequence[PostingChoice]
    linked: LinkedPosting | None
    applicants: int
    # whether applicants go by themselves where a job does not say
    exports_automatically: bool = True

    @property
    def linked_pk(self) -> int | None:
        return self.linked.pk if self.linked else None

    @property
    def is_shut(self) -> bool:
        """Whether the job's posting takes nobody now, so that applicants wait."""
        return any(posting.pk == self.linked_pk and not posting.is_open for posting in self.postings)


# How applicants go, as the form calls it.
AUTOMATIC = {"": None, "on": True, "off": False}
# Postings that take nobody, named in the form. Accounts gather thousands of them.
MOST_SHUT = 100


class PostingSelect(forms.Select):
    """A select that app.js makes searchable; postings that take nobody are shown, but cannot be chosen."""

    def __init__(self, connecting: Connecting) -> None:
        attrs = {"data-combobox": "", "data-placeholder": "Search postings by title, team or location"}
        super().__init__(attrs=attrs)
        self.postings = {posting.pk: posting for posting in connecting.postings}
        self.linked_pk = connecting.linked_pk

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Write thousands of options at once; Django renders a template for each."""
        widget = self.get_context(name, value, attrs)["widget"]
        groups = format_html_join(
            "",
            "{}{}{}",
            (
                (
                    format_html('<optgroup label="{}">', label) if label else "",
                    format_html_join(
                        "",
                        '<option value="{}"{}>{}</option>',
                        ((option["value"], flatatt(option["attrs"]), option["label"]) for option in options),
                    ),
                    mark_safe("</optgroup>") if label else "",
                )
                for label, options, _ in widget["optgroups"]
            ),
        )
        return format_html('<select name="{}"{}>{}</select>', name, flatatt(widget["attrs"]), groups)

    def create_option(self, name: str, value: Any, *args: Any, **options: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **options)
        posting = self.postings.get(value)
        if posting:
            option["attrs"]["data-state"] = posting.state
            if not posting.is_open and posting.pk != self.linked_pk:
                option["attrs"]["disabled"] = True
        return option


class JobForm(forms.ModelForm):
    workplace = forms.ChoiceField(choices=Workplace.choices, required=False)

    class Meta:
        model = Job
        fields = ["title", "team", "location", "workplace", "commitment", "salary", "description"]
        widgets = {
            "description": forms.Textarea(attrs={"rows": 14}),
            "commitment": forms.TextInput(attrs={"placeholder": "Full-time"}),
            "salary": forms.TextInput(attrs={"placeholder": "€52,000 to €60,000"}),
        }
        error_messages = {"title": {"required": "Give the job a title."}}
        help_texts = {
            "title": "As candidates would search for it.",
            "description": "You can use Markdown: ## for headings, - for lists, **bold**.",
        }

    def __init__(self, *args: Any, connecting: Connecting | None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.connecting = connecting
        if connecting is None:
            return
        if connecting.linked and connecting.linked.keeps_in_step:
            # What the page showed: a text that the posting changed meanwhile is not put back by saving the rest.
            for name in self.Meta.fields:
                self.fields[name].show_hidden_initial = True
        self.fields["posting"] = forms.TypedChoiceField(
            coerce=int,
            empty_value=None,
            required=False,
            initial=connecting.linked_pk,
            choices=self._posting_choices(connecting),
            widget=PostingSelect(connecting),
            label=f"Connect {connecting.label} Job",
            help_text=f"Whoever applies waits until the posting is open in {connecting.label} again."
            if connecting.is_shut
            else f"Whoever applies is in {connecting.label} a moment later.",
            # What the page showed: a link that a colleague changed meanwhile is not put back by saving the rest.
            show_hidden_initial=True,
            error_messages={
                "invalid_choice": f"That posting is no longer in {connecting.label}. Choose another one, or none."
            },
        )
        self.fields["exports_automatically"] = forms.TypedChoiceField(
            coerce=AUTOMATIC.get,
            empty_value=None,
            required=False,
            initial=next(
                word
                for word, value in AUTOMATIC.items()
                if value == (connecting.linked.exports_automatically if connecting.linked else None)
            ),
            choices=[
                ("", f"As in the settings: {'by themselves' if connecting.exports_automatically else 'by hand'}"),
                ("on", "By themselves"),
                ("off", "Only when somebody sends them"),
            ],
            label=f"How applicants get to {connecting.label}",
            show_hidden_initial=True,
        )
        if connecting.applicants:
            people = "applicant" if connecting.applicants == 1 else "applicants"
            self.fields["send_existing"] = forms.BooleanField(
                required=False,
                label=f"Send the {in_words(connecting.applicants)} existing {people} to {connecting.label} too",
            )

    def _posting_choices(self, connecting: Connecting) -> list[tuple[Any, Any]]:
        chosen = [posting for posting in connecting.postings if posting.pk == connecting.linked_pk]
        others = [posting for posting in connecting.postings if posting.pk != connecting.linked_pk]
        groups = {
            "Connected now": [(posting.pk, _in_words(posting, is_linked=True)) for posting in chosen],
            "Open": [(posting.pk, _in_words(posting)) for posting in others if posting.is_open],
            "Cannot be chosen": [(posting.pk, _in_words(posting)) for posting in others if not posting.is_open][
                :MOST_SHUT
            ],
        }
        return [("", "Not connected"), *[(name, rows) for name, rows in groups.items() if rows]]

    def clean_description(self) -> str:
        """Keep the line endings that we keep everywhere; browsers send others."""
        return self.cleaned_data["description"].replace("\r\n", "\n")

    def clean_posting(self) -> int | None:
        """Refuse a posting that takes nobody, unless the job has it already."""
        pk = self.cleaned_data["posting"]
        assert self.connecting is not None  # noqa: S101  there is no such field without
        posting = next((row for row in self.connecting.postings if row.pk == pk), None)
        if posting and not posting.is_open and pk != self.connecting.linked_pk:
            raise forms.ValidationError(f"That posting is {posting.why_not}. Choose an open one, or none.")
        return pk

    @property
    def changes_posting(self) -> bool:
        """Say whether something else is chosen than the page showed."""
        return "posting" in self.fields and "posting" in self.changed_data

    @property
    def chosen_posting(self) -> int | None:
        """The posting the job has once this form is saved."""
        if self.connecting is None:
            return None
        return self.cleaned_data["posting"] if self.changes_posting else self.connecting.linked_pk

    @property
    def changes_exports(self) -> bool:
        """Say whether it is chosen anew how applicants of this job go; without a posting there is nothing to choose."""
        return "exports_automatically" in self.changed_data and self.chosen_posting is not None

    @property
    def changed_fields(self) -> list[str]:
        """The job's own fields that were changed here: what a posting changed meanwhile is not put back."""
        return [name for name in self.Meta.fields if name in self.changed_data]

    @property
    def sends_existing(self) -> bool:
        return bool(self.cleaned_data.get("send_existing")) and self.chosen_posting is not None


def _in_words(posting: PostingChoice, *, is_linked: bool = False) -> str:
    parts = [posting.description, posting.why_not]
    if posting.used_by and not is_linked:
        parts.append(f"connected with “{posting.used_by[0]}”")
    return " · ".join(part for part in parts if part)
