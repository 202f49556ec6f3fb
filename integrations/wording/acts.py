"""What people did, and why something they asked for was not done."""

from collections.abc import Mapping

from integrations.wording.words import Who, Words, configuration, fill, permanent

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
    "account_taken": configuration(
        "This {label} account is in use",
        "Another company on Purpose Jobs is connected to this {label} account. An account can be connected by one "
        "company at a time.",
        "Sign in to {label} with the account of your own company, or ask them to disconnect first.",
    ),
    "acting_user_gone": permanent(
        "That user cannot act",
        "The user is not active in {label} any more.",
        "Choose another acting user.",
    ),
    "not_connected": configuration(
        "{label} is not connected",
        "Nothing was sent, because {label} is not connected.",
        "An admin can connect it under Account Settings → Integrations.",
    ),
    "posting_closed": permanent(
        "The posting is closed",
        "This posting was closed in {label}, so it takes no candidates.",
        "Choose another posting.",
    ),
    "posting_gone": permanent(
        "The posting is gone",
        "This posting is no longer in {label}.",
        "Choose another posting.",
    ),
    "job_not_linked": permanent(
        "The job is not connected",
        "This job has no posting in {label} any more.",
        "Choose another job, or send without a posting.",
    ),
    "nobody_chosen": permanent(
        "Nobody is chosen",
        "None of the chosen candidates is there any more.",
        "Choose candidates in the list, then send them.",
    ),
    "too_many": permanent(
        "Too many at once",
        "{most} candidates can be sent to {label} at once, and more are chosen.",
        "Narrow the list with its filters, then send the rest afterwards.",
    ),
    "target_changed": permanent(
        "Another job was chosen meanwhile",
        "Somebody chose where these candidates go in another window. Nothing was sent.",
        "Look who goes there now, then send them.",
    ),
    "already_confirmed": permanent(
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

UNKNOWN_REFUSAL = permanent(
    "That was not done", "{label} or something about the candidate has changed meanwhile.", "Reload the page and look."
)


def describe_act(verb: str, number: int, label: str) -> str:
    """Say what somebody did, of one or of many; unknown verbs are read as they are."""
    one, many = ACTS.get(verb, (verb.replace("_", " ").capitalize(), ""))
    return (many if number > 1 and many else one).format(label=label, number=f"{number:,}")


def describe_refusal(code: str, label: str, parameters: Mapping[str, object] | None = None) -> Words:
    """Say why what somebody asked for was not done."""
    return fill(REFUSALS.get(code, UNKNOWN_REFUSAL), label, parameters)
