"""Lever over HTTP and nothing else: dataclasses in and out, the errors of errors.py.

Every call has a total deadline, from connecting to the last byte of the answer. Nothing is repeated here: Lever has no
idempotency key, and a create that is sent twice is there twice. Logs name paths, statuses and code words; never bodies,
tokens or people.
"""

from integrations.lever.client.data import LeverClient
from integrations.lever.client.oauth import Grant, OAuthClient
from integrations.lever.client.records import File, NewOpportunity, Opportunity, Posting, Salary, Standing

__all__ = [
    "File",
    "Grant",
    "LeverClient",
    "NewOpportunity",
    "OAuthClient",
    "Opportunity",
    "Posting",
    "Salary",
    "Standing",
]
