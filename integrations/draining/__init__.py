"""Sending what is due, one connection at a time, in short slices.

claims.py     whose hands a row is in          packing.py    what travels, and whether it still should
calling.py    one call, in a pool's thread     recording.py  what came of it, in bulk
slices.py     the slice: tokens, claims, calls, records, and round again
"""

from integrations.draining.slices import drain

__all__ = ["drain"]
