"""What people read about exports and connections: each code becomes a title, a reason and the one thing to do.

Codes are raised far away, by providers and by the drain; their words are only here. An unknown code still gets an
honest sentence, and a test looks that no code raised in this package is unknown.

exports.py      exports and postings         acts.py      acts of people
connections.py  connections and their tests  progress.py  what happened in the ATS
words.py        what all are made of
"""

from integrations.wording.acts import (
    ACTS,
    REFUSALS,
    UNKNOWN_REFUSAL,
    describe_act,
    describe_refusal,
)
from integrations.wording.connections import (
    FINDINGS,
    LOST,
    TESTS,
    UNKNOWN_FINDING,
    UNKNOWN_LOST,
    WELL,
    describe_finding,
    describe_loss,
    describe_standstill,
    describe_test,
)
from integrations.wording.exports import (
    BLOCKS,
    CANCELLED,
    FAILURES,
    HELD,
    POSTING_TROUBLE,
    UNKNOWN_BLOCK,
    UNKNOWN_CANCELLED,
    UNKNOWN_FAILURE,
    UNKNOWN_HELD,
    UNKNOWN_WAIT,
    WAITS,
    describe_block,
    describe_cancellation,
    describe_failure,
    describe_hold,
    describe_posting_trouble,
    describe_wait,
)
from integrations.wording.progress import (
    CHANGES,
    OUTCOMES,
    PROGRESS,
    describe_change,
    describe_outcome,
    describe_progress,
)
from integrations.wording.words import (
    Kind,
    Place,
    Who,
    Words,
    configuration,
    fill,
    permanent,
    temporary,
)

__all__ = [
    "ACTS",
    "BLOCKS",
    "CANCELLED",
    "CHANGES",
    "FAILURES",
    "FINDINGS",
    "HELD",
    "LOST",
    "OUTCOMES",
    "POSTING_TROUBLE",
    "PROGRESS",
    "REFUSALS",
    "TESTS",
    "UNKNOWN_BLOCK",
    "UNKNOWN_CANCELLED",
    "UNKNOWN_FAILURE",
    "UNKNOWN_FINDING",
    "UNKNOWN_HELD",
    "UNKNOWN_LOST",
    "UNKNOWN_REFUSAL",
    "UNKNOWN_WAIT",
    "WAITS",
    "WELL",
    "Kind",
    "Place",
    "Who",
    "Words",
    "configuration",
    "describe_act",
    "describe_block",
    "describe_cancellation",
    "describe_change",
    "describe_failure",
    "describe_finding",
    "describe_hold",
    "describe_loss",
    "describe_outcome",
    "describe_posting_trouble",
    "describe_progress",
    "describe_refusal",
    "describe_standstill",
    "describe_test",
    "describe_wait",
    "fill",
    "permanent",
    "temporary",
]
