"""What people read about exports and connections: each code becomes a title, a reason and the one thing to do.

Codes are raised far away, by providers and by the drain; their words are only here. An unknown code still gets an
honest sentence, and a test looks that no code raised in this package is unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils import timezone
from django.utils.formats import date_format


class Kind(StrEnum):
    """What sort of trouble it is: it passes, it needs a setting, or this one cannot go as it is."""

    TEMPORARY = "temporary"
    CONFIGURATION = "configuration"
    PERMANENT = "permanent"


class Who(StrEnum):
    """Who can do what the remedy says."""

    RECRUITER = "recruiter"
    ADMIN = "admin"
    NOBODY = "nobody"


class Place(StrEnum):
    """Where on Purpose Jobs the remedy is done, if it is done here at all."""

    NOWHERE = ""
    JOB = "job"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True)
class Words:
    title: str
    reason: str
    remedy: str = ""
    kind: Kind = Kind.PERMANENT
    who: Who = Who.RECRUITER
    place: Place = Place.NOWHERE


def _permanent(title: str, reason: str, remedy: str, place: Place = Place.NOWHERE) -> Words:
    return Words(title, reason, remedy, place=place)


def _configuration(title: str, reason: str, remedy: str) -> Words:
    return Words(title, reason, remedy, Kind.CONFIGURATION, Who.ADMIN, Place.CONNECTION)


def _temporary(title: str, reason: str) -> Words:
    return Words(title, reason, "", Kind.TEMPORARY, Who.NOBODY)


# {label} is the name of the ATS; other names are parameters of the code, and may be missing.
FAILURES: dict[str, Words] = {
    "acting_user_invalid": _configuration(
        "Nobody to add the candidate as",
        "{label} does not accept the user we act as. They may have been deactivated there.",
        "Choose another acting user on the {label} page, then try again.",
    ),
    "bad_request": _permanent(
        "{label} did not accept the profile",
        "Something in this candidate's details does not fit {label}. Nothing was added there.",
        "Check the candidate's details, then try again, or add them in {label} by hand.",
    ),
    "code_refused": _configuration(
        "{label} did not finish the connection",
        "The approval from {label} was used already or came too late.",
        "Connect once more.",
    ),
    "confidential": _configuration(
        "The posting is confidential",
        "Our access to {label} does not include confidential postings.",
        "Connect the job to another posting, or reconnect {label} with access to confidential ones.",
    ),
    "email_refused": _permanent(
        "{label} did not accept the e-mail address",
        "The candidate's e-mail address does not look right to {label}.",
        "Ask the candidate for another address, or add them in {label} by hand.",
    ),
    "file_refused": _permanent(
        "{label} did not accept the résumé",
        "The file has a kind or a content that {label} does not take. Nothing was added there.",
        "Ask the candidate for the résumé as PDF, then send again.",
    ),
    "file_too_large": _permanent(
        "The résumé is too large",
        "The file is larger than {label} takes. Nothing was added there.",
        "Ask the candidate for a smaller file, then send again.",
    ),
    "forbidden": _configuration(
        "{label} does not allow this",
        "The person who connected {label} may not add candidates there, or lost that right.",
        "Ask a Super Admin or an admin of {label} to reconnect, then try again.",
    ),
    "link_refused": _permanent(
        "{label} did not accept a link",
        "One of the candidate's links does not look right to {label}.",
        "Ask the candidate to correct their links, then send again.",
    ),
    "no_email": _permanent(
        "No e-mail address",
        "{label} knows people by their e-mail address, and this candidate has none.",
        "Add the candidate in {label} by hand.",
    ),
    "not_found": _permanent(
        "No longer in {label}",
        "What we meant to change in {label} is not there any more.",
        "Look in {label}, then send the candidate again if they are missing.",
    ),
    "person_missing": _permanent(
        "The candidate's details are gone",
        "There is nothing left to send: the candidate removed their details.",
        "Dismiss this; nothing was sent.",
    ),
    "phone_refused": _permanent(
        "{label} did not accept the phone number",
        "The candidate is in {label}, but the phone number could not be added.",
        "Add the phone number in {label} by hand.",
    ),
    "posting_closed": _permanent(
        "The posting is closed",
        "{label} takes no candidates for a closed posting.",
        "Reopen the posting in {label}, or connect the job to another one.",
        Place.JOB,
    ),
    "posting_gone": _permanent(
        "The posting is gone",
        "The posting is no longer in {label}.",
        "Connect the job to another posting.",
        Place.JOB,
    ),
    "internal_error": _permanent(
        "This is our mistake",
        "Something in Purpose Jobs went wrong while sending. We have been told.",
        "Try again; if it happens twice, add the candidate in {label} by hand.",
    ),
    "scope_missing": _configuration(
        "A permission is missing",
        "Purpose Jobs was not given every right it needs in {label}.",
        "Reconnect {label} and accept all permissions, then try again.",
    ),
    "stage_gone": _configuration(
        "The stage is gone",
        "The stage that candidates are added to is no longer in {label}.",
        "Check the pipeline in {label}, then try again.",
    ),
    "webhooks_refused": _configuration(
        "{label} sends no webhooks",
        "{label} refused to tell us at once what happens, or has no webhooks for this account. What becomes of "
        "candidates is read by the catch-up every few minutes instead.",
        "Nothing is lost; ask {label} to allow webhooks if you want to know sooner.",
    ),
    "too_large": _permanent(
        "Too large for {label}",
        "The candidate's details and résumé together are larger than {label} takes.",
        "Ask the candidate for a smaller résumé, then send again.",
    ),
}

# The kinds of trouble that pass by themselves: waiting is not an error.
WAITS: dict[str, Words] = {
    "busy": _temporary("Waiting for {label}", "{label} asked us to slow down. This one goes out by itself."),
    "unavailable": _temporary("Waiting for {label}", "{label} is not available at the moment. We keep trying."),
    "unreachable": _temporary("Waiting for {label}", "{label} cannot be reached at the moment. We keep trying."),
    "timeout": _temporary(
        "Waiting for {label}", "{label} did not answer in time. We look whether the candidate arrived, then go on."
    ),
    "dropped": _temporary(
        "Waiting for {label}", "The answer was cut off. We look whether the candidate arrived, then go on."
    ),
    "unclear": _temporary(
        "Waiting for {label}", "{label} gave no clear answer. We look whether the candidate arrived, then go on."
    ),
    "internal_error": _temporary(
        "Waiting for {label}",
        "Something in Purpose Jobs went wrong while asking {label}. We have been told, and we keep trying.",
    ),
    "paused": _temporary("Waiting for {label}", "{label} has had trouble for a while. We check whether it is back."),
    "redirected": _temporary(
        "Waiting for {label}", "{label} answers from an address that we do not trust. We keep trying the known one."
    ),
    "client_refused": _temporary(
        "Waiting for {label}",
        "{label} does not recognise Purpose Jobs at the moment. This is on our side, and your connection is unchanged.",
    ),
}

HELD: dict[str, Words] = {
    "posting_closed": Words(
        "The posting is closed",
        "{label} takes no candidates for a closed posting, so this one waits.",
        "Reopen the posting in {label}, or connect the job to another one.",
        place=Place.JOB,
    ),
    "posting_gone": Words(
        "The posting is gone or confidential",
        "{label} no longer shows us this posting: it was deleted, or made confidential.",
        "Connect the job to another posting.",
        place=Place.JOB,
    ),
    "no_acting_user": _configuration(
        "Nobody to add the candidate as",
        "No user of {label} is known yet who could add the candidate.",
        "Choose an acting user on the {label} page.",
    ),
}

# The same for a job whose posting takes nobody.
POSTING_TROUBLE: dict[str, Words] = {
    "posting_closed": Words(
        "The posting is closed",
        "{label} takes no candidates for it.",
        "Reopen it in {label}, or connect this job with another posting.",
        place=Place.JOB,
    ),
    "posting_gone": Words(
        "The posting is gone or confidential",
        "{label} no longer shows us its posting: it was deleted, or made confidential.",
        "Connect this job with another posting, or show that one again in {label}.",
        place=Place.JOB,
    ),
}

CANCELLED: dict[str, Words] = {
    "dismissed": Words("Dismissed", "Somebody decided not to send this one."),
    "withdrawn": Words("Withdrawn", "The candidate withdrew the application before it was sent.", who=Who.NOBODY),
    "hidden": Words("Not sent", "The candidate does not want to be shared with this company.", who=Who.NOBODY),
    "erased": Words("Not sent", "The candidate erased their data.", who=Who.NOBODY),
    "unlinked": Words("Not sent", "The job was disconnected from its posting before this one was sent."),
    "disconnected": Words("Not sent", "{label} was disconnected before this one was sent."),
    "already_queued": Words("Not needed", "Another job with the same posting sends this candidate already."),
}

LOST: dict[str, Words] = {
    "grant_dead": _configuration(
        "{label} no longer accepts our access",
        "Access was revoked in {label}, or the person who connected it left or changed their password.",
        "Reconnect {label}.",
    ),
    "access_refused": _configuration(
        "{label} no longer accepts our access",
        "{label} refused our access even after it was renewed.",
        "Reconnect {label}.",
    ),
    "grant_ended": _configuration(
        "Access to {label} ran out",
        "{label} gave us access for a limited time, and it is over.",
        "Reconnect {label}.",
    ),
    "not_active": _configuration(
        "{label} is not connected",
        "The connection was ended while something was under way.",
        "Connect {label} again.",
    ),
    "scope_missing": _configuration(
        "A permission is missing",
        "Purpose Jobs no longer has every right it needs in {label}.",
        "Reconnect {label} and accept all permissions.",
    ),
}

# What somebody did: once, and (where it can be) to many in one go.
ACTS: dict[str, tuple[str, str]] = {
    "connected": ("Connected {label}", ""),
    "reconnected": ("Reconnected {label}", ""),
    "disconnected": ("Disconnected {label}", ""),
    "lost": ("Access to {label} was lost", ""),
    "linked": ("Connected a job with its posting", "Connected {number} jobs with their postings"),
    "unlinked": ("Disconnected a job from its posting", "Disconnected {number} jobs from their postings"),
    "sent": ("Sent to {label}", "Sent {number} candidates to {label}"),
    "retried": ("Tried again", "Tried {number} candidates again"),
    "dismissed": ("Dismissed", "Dismissed {number} candidates"),
    "imported": ("Imported a posting", "Imported {number} postings"),
    "back_filled": ("Sent those who had been left out", ""),
    "changed": ("Changed a setting", ""),
    "tested": ("Tested the connection", ""),
    "test_sent": ("Sent a test candidate", ""),
}

# Why an act of a person was not done.
REFUSALS: dict[str, Words] = {
    "account_taken": _configuration(
        "This {label} account is in use",
        "Another company on Purpose Jobs is connected to this {label} account. An account can be connected by one "
        "company at a time.",
        "Sign in to {label} with the account of your own company, or ask them to disconnect first.",
    ),
    "acting_user_gone": _permanent(
        "That user cannot act",
        "The user is not active in {label} any more.",
        "Choose another acting user.",
    ),
    "not_connected": _configuration(
        "{label} is not connected",
        "Nothing was sent, because {label} is not connected.",
        "An admin can connect it under Account Settings → Integrations.",
    ),
    "posting_closed": _permanent(
        "The posting is closed",
        "This posting was closed in {label}, so it takes no candidates.",
        "Choose another posting.",
    ),
    "posting_gone": _permanent(
        "The posting is gone",
        "This posting is no longer in {label}.",
        "Choose another posting.",
    ),
    "job_not_linked": _permanent(
        "The job is not connected",
        "This job has no posting in {label} any more.",
        "Choose another job, or send without a posting.",
    ),
    "nobody_chosen": _permanent(
        "Nobody is chosen",
        "None of the chosen candidates is there any more.",
        "Choose candidates in the list, then send them.",
    ),
    "too_many": _permanent(
        "Too many at once",
        "{most} candidates can be sent to {label} at once, and more are chosen.",
        "Narrow the list with its filters, then send the rest afterwards.",
    ),
    "target_changed": _permanent(
        "Another job was chosen meanwhile",
        "Somebody chose where these candidates go in another window. Nothing was sent.",
        "Look who goes there now, then send them.",
    ),
    "already_confirmed": _permanent(
        "Already sent",
        "These candidates were sent a moment ago.",
        "Look at the result; for others, choose them in the list.",
    ),
    "candidate_hidden": Words(
        "This candidate cannot be sent",
        "The candidate does not want to be shared with this company.",
        who=Who.NOBODY,
    ),
}

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

# What "Test connection" says of what is well, by the name of the check.
WELL: dict[str, Words] = {
    "access": Words("{label} accepts our access", "Purpose Jobs was let in."),
    "permissions": Words("Every permission is there", "{label} granted all that Purpose Jobs needs."),
    "acting_user": Words("{name} can act in {label}", "Recruiters without a user there add candidates in this name."),
    "postings": Words("Postings can be read", "{open} of {all} postings take candidates."),
    "webhooks": Words("{label} is asked to tell us at once", "The webhooks that we made there are in place."),
    "deliveries": Words("Deliveries arrive", "{label} has told us what became of candidates."),
}

# ... and of what is not, by code; codes of FAILURES and LOST may come as well.
FINDINGS: dict[str, Words] = {
    "vendor_away": Words(
        "{label} does not answer now",
        "It is away or slow at the moment, so this could not be tested. Nothing was changed, and nobody is lost.",
        "Test again in a few minutes.",
        Kind.TEMPORARY,
        Who.NOBODY,
    ),
    "busy": Words(
        "{label} asked us to slow down",
        "There is much to do at the moment, so this could not be tested. Nothing was changed.",
        "Test again in a few minutes.",
        Kind.TEMPORARY,
        Who.NOBODY,
    ),
    "not_tested": Words("Not tested", "What comes before it was not well."),
    "permissions_missing": _configuration(
        "Permissions are missing",
        "Purpose Jobs may not: {missing}.",
        "Reconnect {label} and accept all permissions.",
    ),
    "acting_user_deactivated": _configuration(
        "{name} was deactivated in {label}",
        "Candidates are added in the name of the posting's owner, or of who connected, where they are active.",
        "Choose another acting user in the settings.",
    ),
    "acting_user_missing": _configuration(
        "The acting user is gone",
        "The user who was chosen to act is no longer in {label}.",
        "Choose another acting user in the settings.",
    ),
    "nobody_to_act": _configuration(
        "Nobody can act for sure",
        "No acting user is chosen, and whoever connected {label} is not active there. Candidates wait where their "
        "posting has no active owner.",
        "Choose an acting user in the settings.",
    ),
    "webhooks_missing": _configuration(
        "{label} does not tell us at once",
        "The webhooks that we use are not there. What becomes of candidates is read by the catch-up meanwhile.",
        "They are asked for again just now; test again in a minute.",
    ),
    "no_delivery": Words(
        "No delivery has come yet",
        "The webhooks are in place. While nobody is moved in {label} there is nothing to tell.",
        "{hint}",
        Kind.CONFIGURATION,
        Who.ADMIN,
    ),
}

# Why a test candidate is not known to be there.
TESTS: dict[str, Words] = {
    "unclear": Words(
        "We do not know whether the test candidate arrived",
        "{label} gave no clear answer.",
        "Look for the name in {label}, or send again: we look there first, and nobody is there twice.",
        Kind.TEMPORARY,
    ),
    "vendor_away": _temporary("{label} does not answer now", "Nothing was sent. Send again in a few minutes."),
    "busy": _temporary("{label} asked us to slow down", "Nothing was sent. Send again in a few minutes."),
    "no_acting_user": _configuration(
        "Nobody to add the test candidate as",
        "No active user of {label} is known who could add somebody.",
        "Choose an acting user in the settings.",
    ),
}

UNKNOWN_FAILURE = _permanent(
    "{label} did not take this candidate",
    "{label} refused, and gave a reason that we do not know yet.",
    "Try again; if it happens twice, add the candidate in {label} by hand.",
)
# Why one of many cannot be sent.
BLOCKS: dict[str, Words] = {
    "candidate_hidden": Words("Not shared with you", "They withdrew, or do not share their profile with your company."),
    "no_email": Words("No e-mail address", "{label} knows people by their e-mail address, and there is none."),
}
UNKNOWN_BLOCK = Words("Cannot be sent", "Something about this candidate does not let them be sent.")
UNKNOWN_WAIT = _temporary("Waiting for {label}", "{label} cannot take it at the moment. We keep trying.")
UNKNOWN_HELD = Words("On hold", "This one waits for a change in {label}.")
UNKNOWN_CANCELLED = Words("Not sent", "This one was cancelled before it was sent.")
UNKNOWN_LOST = _configuration(
    "{label} no longer accepts our access", "Our access to {label} ended.", "Reconnect {label}."
)
UNKNOWN_REFUSAL = _permanent(
    "That was not done", "{label} or something about the candidate has changed meanwhile.", "Reload the page and look."
)


UNKNOWN_FINDING = _configuration(
    "{label} refused this", "{label} gave a reason that we do not know yet.", "Reconnect {label}, then test again."
)


class _Blank(dict[str, object]):
    """Words of a parameter that was not given are left out."""

    def __missing__(self, key: str) -> str:
        return ""


def _fill(words: Words, label: str, parameters: Mapping[str, object] | None = None) -> Words:
    values = _Blank({**(parameters or {}), "label": label})
    return Words(
        title=words.title.format_map(values),
        reason=words.reason.format_map(values),
        remedy=words.remedy.format_map(values),
        kind=words.kind,
        who=words.who,
        place=words.place,
    )


def describe_failure(code: str, parameters: Mapping[str, object], label: str) -> Words:
    """Say why an export needs somebody."""
    return _fill(FAILURES.get(code, UNKNOWN_FAILURE), label, parameters)


def describe_wait(code: str, label: str) -> Words:
    """Say what an export waits for, when it goes on by itself."""
    return _fill(WAITS.get(code, UNKNOWN_WAIT), label)


def describe_hold(code: str, label: str) -> Words:
    """Say what a held export waits for."""
    return _fill(HELD.get(code, UNKNOWN_HELD), label)


def describe_posting_trouble(code: str, label: str) -> Words:
    """Say why nobody can be added at a job's posting."""
    return _fill(POSTING_TROUBLE[code], label)


def describe_cancellation(code: str, label: str) -> Words:
    """Say why an export will not go out."""
    return _fill(CANCELLED.get(code, UNKNOWN_CANCELLED), label)


def describe_loss(code: str, label: str) -> Words:
    """Say why a connection must be made again."""
    return _fill(LOST.get(code, UNKNOWN_LOST), label)


def describe_finding(check: str, code: str, label: str, parameters: Mapping[str, object]) -> Words:
    """Say what a test of the connection found; without a code, all is well."""
    words = FINDINGS.get(code) or LOST.get(code) or FAILURES.get(code) or UNKNOWN_FINDING
    return _fill(WELL[check] if not code else words, label, parameters)


def describe_test(code: str, label: str) -> Words:
    """Say why a test candidate is not known to be there."""
    return _fill(TESTS.get(code) or LOST.get(code) or FAILURES.get(code, UNKNOWN_FAILURE), label)


def describe_act(verb: str, number: int, label: str) -> str:
    """Say what somebody did, of one or of many; unknown verbs are read as they are."""
    one, many = ACTS.get(verb, (verb.replace("_", " ").capitalize(), ""))
    return (many if number > 1 and many else one).format(label=label, number=f"{number:,}")


def describe_refusal(code: str, label: str, parameters: Mapping[str, object] | None = None) -> Words:
    """Say why what somebody asked for was not done."""
    return _fill(REFUSALS.get(code, UNKNOWN_REFUSAL), label, parameters)


def describe_block(code: str, label: str) -> Words:
    """Say why one of many cannot be sent."""
    return _fill(BLOCKS.get(code, UNKNOWN_BLOCK), label)


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
    return _fill(PROGRESS[code], label)


def describe_standstill(connection_state: str, label: str) -> str:
    """Say why nothing new is heard of somebody who is in the ATS."""
    if connection_state == "disconnected":
        return f"{label} was disconnected, so this is how it stood then."
    return f"{label} must be reconnected; until then this may be out of date."
