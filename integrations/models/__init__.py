"""The shared vocabulary of integrations: connections, postings, exports, and what was done."""

from integrations.models.activity import Activity
from integrations.models.connections import AccountReason, AccountStage, AccountUser, Connection
from integrations.models.exports import CandidateExport, ExportAttempt
from integrations.models.postings import Posting, PostingLink
from integrations.models.progress import StageChange, WebhookEvent
from integrations.models.sending import BulkSend, BulkSendItem

__all__ = [
    "AccountReason",
    "AccountStage",
    "AccountUser",
    "Activity",
    "BulkSend",
    "BulkSendItem",
    "CandidateExport",
    "Connection",
    "ExportAttempt",
    "Posting",
    "PostingLink",
    "StageChange",
    "WebhookEvent",
]
