"""The shared vocabulary of integrations: connections, postings, exports, and what was done."""

from integrations.models.activity import Activity
from integrations.models.connections import AccountStage, AccountUser, Connection
from integrations.models.exports import CandidateExport, ExportAttempt
from integrations.models.postings import Posting, PostingLink

__all__ = [
    "AccountStage",
    "AccountUser",
    "Activity",
    "CandidateExport",
    "Connection",
    "ExportAttempt",
    "Posting",
    "PostingLink",
]
