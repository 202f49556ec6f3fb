"""Why an export does not go, waits or was not sent; and a job whose posting takes nobody."""

from collections.abc import Mapping

from integrations.wording.words import Place, Who, Words, configuration, fill, permanent, temporary

# {label} is the name of the ATS; other names are parameters of the code, and may be missing.
FAILURES: dict[str, Words] = {
    "acting_user_invalid": configuration(
        "Nobody to add the candidate as",
        "{label} does not accept the user we act as. They may have been deactivated there.",
        "Choose another acting user on the {label} page, then try again.",
    ),
    "bad_request": permanent(
        "{label} did not accept the profile",
        "Something in this candidate's details does not fit {label}. Nothing was added there.",
        "Check the candidate's details, then try again, or add them in {label} by hand.",
    ),
    "code_refused": configuration(
        "{label} did not finish the connection",
        "The approval from {label} was used already or came too late.",
        "Connect once more.",
    ),
    "confidential": configuration(
        "The posting is confidential",
        "Our access to {label} does not include confidential postings.",
        "Connect the job to another posting, or reconnect {label} with access to confidential ones.",
    ),
    "email_refused": permanent(
        "{label} did not accept the e-mail address",
        "The candidate's e-mail address does not look right to {label}.",
        "Ask the candidate for another address, or add them in {label} by hand.",
    ),
    "file_refused": permanent(
        "{label} did not accept the résumé",
        "The file has a kind or a content that {label} does not take. Nothing was added there.",
        "Ask the candidate for the résumé as PDF, then send again.",
    ),
    "file_too_large": permanent(
        "The résumé is too large",
        "The file is larger than {label} takes. Nothing was added there.",
        "Ask the candidate for a smaller file, then send again.",
    ),
    "forbidden": configuration(
        "{label} does not allow this",
        "The person who connected {label} may not add candidates there, or lost that right.",
        "Ask a Super Admin or an admin of {label} to reconnect, then try again.",
    ),
    "link_refused": permanent(
        "{label} did not accept a link",
        "One of the candidate's links does not look right to {label}.",
        "Ask the candidate to correct their links, then send again.",
    ),
    "no_email": permanent(
        "No e-mail address",
        "{label} knows people by their e-mail address, and this candidate has none.",
        "Add the candidate in {label} by hand.",
    ),
    "not_found": permanent(
        "No longer in {label}",
        "What we meant to change in {label} is not there any more.",
        "Look in {label}, then send the candidate again if they are missing.",
    ),
    "person_missing": permanent(
        "The candidate's details are gone",
        "There is nothing left to send: the candidate removed their details.",
        "Dismiss this; nothing was sent.",
    ),
    "phone_refused": permanent(
        "{label} did not accept the phone number",
        "The candidate is in {label}, but the phone number could not be added.",
        "Add the phone number in {label} by hand.",
    ),
    "posting_closed": permanent(
        "The posting is closed",
        "{label} takes no candidates for a closed posting.",
        "Reopen the posting in {label}, or connect the job to another one.",
        Place.JOB,
    ),
    "posting_gone": permanent(
        "The posting is gone",
        "The posting is no longer in {label}.",
        "Connect the job to another posting.",
        Place.JOB,
    ),
    "internal_error": permanent(
        "This is our mistake",
        "Something in Purpose Jobs went wrong while sending. We have been told.",
        "Try again; if it happens twice, add the candidate in {label} by hand.",
    ),
    "scope_missing": configuration(
        "A permission is missing",
        "Purpose Jobs was not given every right it needs in {label}.",
        "Reconnect {label} and accept all permissions, then try again.",
    ),
    "stage_gone": configuration(
        "The stage is gone",
        "The stage that candidates are added to is no longer in {label}.",
        "Check the pipeline in {label}, then try again.",
    ),
    "webhooks_refused": configuration(
        "{label} sends no webhooks",
        "{label} refused to tell us at once what happens, or has no webhooks for this account. What becomes of "
        "candidates is read by the catch-up every few minutes instead.",
        "Nothing is lost; ask {label} to allow webhooks if you want to know sooner.",
    ),
    "too_large": permanent(
        "Too large for {label}",
        "The candidate's details and résumé together are larger than {label} takes.",
        "Ask the candidate for a smaller résumé, then send again.",
    ),
}

# The kinds of trouble that pass by themselves: waiting is not an error.
WAITS: dict[str, Words] = {
    "busy": temporary("Waiting for {label}", "{label} asked us to slow down. This one goes out by itself."),
    "unavailable": temporary("Waiting for {label}", "{label} is not available at the moment. We keep trying."),
    "unreachable": temporary("Waiting for {label}", "{label} cannot be reached at the moment. We keep trying."),
    "timeout": temporary(
        "Waiting for {label}", "{label} did not answer in time. We look whether the candidate arrived, then go on."
    ),
    "dropped": temporary(
        "Waiting for {label}", "The answer was cut off. We look whether the candidate arrived, then go on."
    ),
    "unclear": temporary(
        "Waiting for {label}", "{label} gave no clear answer. We look whether the candidate arrived, then go on."
    ),
    "internal_error": temporary(
        "Waiting for {label}",
        "Something in Purpose Jobs went wrong while asking {label}. We have been told, and we keep trying.",
    ),
    "paused": temporary("Waiting for {label}", "{label} has had trouble for a while. We check whether it is back."),
    "redirected": temporary(
        "Waiting for {label}", "{label} answers from an address that we do not trust. We keep trying the known one."
    ),
    "client_refused": temporary(
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
    "no_acting_user": configuration(
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

# Why one of many cannot be sent.
BLOCKS: dict[str, Words] = {
    "candidate_hidden": Words("Not shared with you", "They withdrew, or do not share their profile with your company."),
    "no_email": Words("No e-mail address", "{label} knows people by their e-mail address, and there is none."),
}

UNKNOWN_FAILURE = permanent(
    "{label} did not take this candidate",
    "{label} refused, and gave a reason that we do not know yet.",
    "Try again; if it happens twice, add the candidate in {label} by hand.",
)

UNKNOWN_BLOCK = Words("Cannot be sent", "Something about this candidate does not let them be sent.")

UNKNOWN_WAIT = temporary("Waiting for {label}", "{label} cannot take it at the moment. We keep trying.")

UNKNOWN_HELD = Words("On hold", "This one waits for a change in {label}.")

UNKNOWN_CANCELLED = Words("Not sent", "This one was cancelled before it was sent.")


def describe_failure(code: str, parameters: Mapping[str, object], label: str) -> Words:
    """Say why an export needs somebody."""
    return fill(FAILURES.get(code, UNKNOWN_FAILURE), label, parameters)


def describe_wait(code: str, label: str) -> Words:
    """Say what an export waits for, when it goes on by itself."""
    return fill(WAITS.get(code, UNKNOWN_WAIT), label)


def describe_hold(code: str, label: str) -> Words:
    """Say what a held export waits for."""
    return fill(HELD.get(code, UNKNOWN_HELD), label)


def describe_posting_trouble(code: str, label: str) -> Words:
    """Say why nobody can be added at a job's posting."""
    return fill(POSTING_TROUBLE[code], label)


def describe_cancellation(code: str, label: str) -> Words:
    """Say why an export will not go out."""
    return fill(CANCELLED.get(code, UNKNOWN_CANCELLED), label)


def describe_block(code: str, label: str) -> Words:
    """Say why one of many cannot be sent."""
    return fill(BLOCKS.get(code, UNKNOWN_BLOCK), label)
