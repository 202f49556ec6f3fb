"""The door for reads: what other apps may know about a company's ATS. Each answer is a constant number of queries."""

from integrations.queries.connections import (
    ShareState,
    connection_notice,
    lead_posting,
    lead_posting_title,
    provider_label,
    share_state,
    standing_connection,
    why_refused,
)
from integrations.queries.exports import (
    DISMISSABLE,
    RETRYABLE,
    STATE_FILTERS,
    TABS,
    candidates_in_state,
    left_out_applicants,
)
from integrations.queries.marks import ExportMark, candidate_marks, export_marks
from integrations.queries.postings import (
    JobMark,
    PostingChoice,
    job_marks,
    linked_posting_pk,
    posting_choices,
    unlinked_jobs,
    unlinked_open_jobs,
    why_closed,
)

__all__ = [
    "DISMISSABLE",
    "RETRYABLE",
    "STATE_FILTERS",
    "TABS",
    "ExportMark",
    "JobMark",
    "PostingChoice",
    "ShareState",
    "candidate_marks",
    "candidates_in_state",
    "connection_notice",
    "export_marks",
    "job_marks",
    "lead_posting",
    "lead_posting_title",
    "left_out_applicants",
    "linked_posting_pk",
    "posting_choices",
    "provider_label",
    "share_state",
    "standing_connection",
    "unlinked_jobs",
    "unlinked_open_jobs",
    "why_closed",
    "why_refused",
]
