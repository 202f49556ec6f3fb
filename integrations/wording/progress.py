"""What happened to somebody in the ATS."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format

from integrations.wording.words import Who, Words, fill

# What happened to somebody in the ATS. Its own words for stages and reasons go in where it has them.
CHANGES: dict[str, tuple[str, str]] = {
    "moved": ("Moved to {name}", "Moved to another stage"),
    "archived": ("Archived: {name}", "Archived"),
    "hired": ("Hired", "Hired"),
    "reopened": ("Reopened", "Reopened"),
    "deleted": ("Deleted in {label}", "Deleted in {label}"),
    "anonymised": ("Anonymised in {label}", "Anonymised in {label}"),
}

# How it ended there, in one word.
OUTCOMES = {"archived": "Archived", "hired": "Hired"}

# What that means for what stays here.
PROGRESS: dict[str, Words] = {
    "deleted": Words(
        "Deleted in {label}",
        "Somebody deleted the profile in {label}. What you have here stays, and it is not sent again by itself.",
        who=Who.NOBODY,
    ),
    "anonymised": Words(
        "Anonymised in {label}",
        "Somebody removed the person's details in {label}; the stage and how it ended stay there. What you have here "
        "stays.",
        who=Who.NOBODY,
    ),
}


def describe_change(kind: str, label: str, name: str = "") -> str:
    """Say what happened to somebody in the ATS; `name` is the stage or the reason, as it is called there."""
    named, bare = CHANGES.get(kind, ("Changed in {label}", "Changed in {label}"))
    return (named if name else bare).format(name=name, label=label)


def describe_outcome(outcome: str, reason_name: str, hired_at: datetime | None) -> str:
    """Say how it ended in the ATS: hired on a day, or archived for a reason."""
    if outcome == "hired" and hired_at:
        day = timezone.localtime(hired_at)
        is_this_year = day.year == timezone.localtime().year
        return f"Hired on {date_format(day, 'j F' if is_this_year else 'j F Y')}"
    word = OUTCOMES[outcome]
    return f"{word}: {reason_name}" if reason_name else word


def describe_progress(code: str, label: str) -> Words:
    """Say what it means that a record in the ATS is no more, or has no person any more."""
    return fill(PROGRESS[code], label)
