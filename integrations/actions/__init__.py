"""The door for writes. Every function runs in its company's scope, keeps to one transaction and sends no message."""

from integrations.actions.checks import request_check, request_test_candidate
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
from integrations.actions.progress import refresh_progress, request_catch_up, take_delivery
from integrations.actions.sending import MOST_AT_ONCE, choose_bulk_job, confirm_bulk_send, prepare_bulk_send
from integrations.actions.settings import change_settings, set_job_exports
from integrations.errors import Refused

__all__ = [
    "MOST_AT_ONCE",
    "Refused",
    "back_fill",
    "change_settings",
    "choose_bulk_job",
    "choose_step",
    "close_connection",
    "confirm_bulk_send",
    "dismiss_exports",
    "forget_application",
    "forget_candidate",
    "hide_candidate",
    "import_postings",
    "keep_in_step",
    "keep_ours",
    "link_job",
    "lose_connection",
    "open_connection",
    "prepare_bulk_send",
    "refresh_account",
    "refresh_progress",
    "request_catch_up",
    "request_check",
    "request_exports",
    "request_test_candidate",
    "retry_exports",
    "send_candidates",
    "set_job_exports",
    "take_delivery",
    "take_over",
    "tell_of_end",
    "unlink_job",
]
