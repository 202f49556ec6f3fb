"""Why a connection was lost, and what testing it finds."""

from collections.abc import Mapping

from integrations.wording.exports import FAILURES, UNKNOWN_FAILURE
from integrations.wording.words import Kind, Who, Words, configuration, fill, temporary

LOST: dict[str, Words] = {
    "grant_dead": configuration(
        "{label} no longer accepts our access",
        "Access was revoked in {label}, or the person who connected it left or changed their password.",
        "Reconnect {label}.",
    ),
    "access_refused": configuration(
        "{label} no longer accepts our access",
        "{label} refused our access even after it was renewed.",
        "Reconnect {label}.",
    ),
    "grant_ended": configuration(
        "Access to {label} ran out",
        "{label} gave us access for a limited time, and it is over.",
        "Reconnect {label}.",
    ),
    "not_active": configuration(
        "{label} is not connected",
        "The connection was ended while something was under way.",
        "Connect {label} again.",
    ),
    "scope_missing": configuration(
        "A permission is missing",
        "Purpose Jobs no longer has every right it needs in {label}.",
        "Reconnect {label} and accept all permissions.",
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
    "permissions_missing": configuration(
        "Permissions are missing",
        "Purpose Jobs may not: {missing}.",
        "Reconnect {label} and accept all permissions.",
    ),
    "acting_user_deactivated": configuration(
        "{name} was deactivated in {label}",
        "Candidates are added in the name of the posting's owner, or of who connected, where they are active.",
        "Choose another acting user in the settings.",
    ),
    "acting_user_missing": configuration(
        "The acting user is gone",
        "The user who was chosen to act is no longer in {label}.",
        "Choose another acting user in the settings.",
    ),
    "nobody_to_act": configuration(
        "Nobody can act for sure",
        "No acting user is chosen, and whoever connected {label} is not active there. Candidates wait where their "
        "posting has no active owner.",
        "Choose an acting user in the settings.",
    ),
    "webhooks_missing": configuration(
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
    "vendor_away": temporary("{label} does not answer now", "Nothing was sent. Send again in a few minutes."),
    "busy": temporary("{label} asked us to slow down", "Nothing was sent. Send again in a few minutes."),
    "no_acting_user": configuration(
        "Nobody to add the test candidate as",
        "No active user of {label} is known who could add somebody.",
        "Choose an acting user in the settings.",
    ),
}

UNKNOWN_LOST = configuration(
    "{label} no longer accepts our access", "Our access to {label} ended.", "Reconnect {label}."
)

UNKNOWN_FINDING = configuration(
    "{label} refused this", "{label} gave a reason that we do not know yet.", "Reconnect {label}, then test again."
)


def describe_loss(code: str, label: str) -> Words:
    """Say why a connection must be made again."""
    return fill(LOST.get(code, UNKNOWN_LOST), label)


def describe_finding(check: str, code: str, label: str, parameters: Mapping[str, object]) -> Words:
    """Say what a test of the connection found; without a code, all is well."""
    words = FINDINGS.get(code) or LOST.get(code) or FAILURES.get(code) or UNKNOWN_FINDING
    return fill(WELL[check] if not code else words, label, parameters)


def describe_test(code: str, label: str) -> Words:
    """Say why a test candidate is not known to be there."""
    return fill(TESTS.get(code) or LOST.get(code) or FAILURES.get(code, UNKNOWN_FAILURE), label)


def describe_standstill(connection_state: str, label: str) -> str:
    """Say why nothing new is heard of somebody who is in the ATS."""
    if connection_state == "disconnected":
        return f"{label} was disconnected, so this is how it stood then."
    return f"{label} must be reconnected; until then this may be out of date."
