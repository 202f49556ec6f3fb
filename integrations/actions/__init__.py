"""The door for writes. Every function runs in its company's scope, keeps to one transaction and sends no message."""

from integrations.actions.connections import (
    close_connection,
    lose_connection,
    open_connection,
    refresh_account,
    tell_of_end,
)
from integrations.actions.exports import (
    back_fill,
    dismiss_exports,
    forget_application,
    forget_candidate,
    hide_candidate,
    request_exports,
    retry_exports,
    send_candidates,
)
from integrations.actions.imports import choose_step, import_postings, keep_in_step, keep_ours, take_over
from integrations.actions.links import link_job, unlink_job
from integrations.actions.settings import change_settings, set_job_exports
from integrations.errors import Refused

__all__ = [
    "Refused",
    "back_fill",
    "change_settings",
    "close_connection",
    "dismiss_exports",
    "forget_application",
    "choose_step",
    "forget_candidate",
    "hide_candidate",
    "link_job",
    "lose_connection",
    "open_connection",
    "refresh_account",
    "request_exports",
    "retry_exports",
    "import_postings",
    "keep_in_step",
    "keep_ours",
    "send_candidates",
    "set_job_exports",
    "tell_of_end",
    "unlink_job",
]
    "take_over",
