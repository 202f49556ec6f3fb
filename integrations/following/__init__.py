"""Learning what became of those who were sent, one connection at a time, in short slices. The sibling of `draining`.

deliveries.py   webhooks that came in: reasons to look     reading.py      one record at a time, through a small pool
catching_up.py  the ATS's list of what changed             recording.py    what was learned, in bulk, each thing once
subscribing.py  asking the ATS for webhooks, and not       reaching.py     access, rate and circuit of one slice
health.py       which of the ways is at work               slices.py       the slice
"""

from integrations.following.slices import follow

__all__ = ["follow"]
