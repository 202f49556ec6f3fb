"""What a request asks for in plain parameters: anybody can put anything there."""

# A bigint has 19 digits; with fewer, every number is one.
MOST_DIGITS = 18
MOST_CHARACTERS = 200


def read_key(text: str) -> int | None:
    """Return a primary key, or None where the text cannot be one; whose row it is, is asked elsewhere."""
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None


def read_keys(texts: list[str]) -> list[int]:
    """Return the primary keys among these texts, and leave the rest out."""
    return [key for key in map(read_key, texts) if key is not None]


def read_words(text: str) -> str:
    """Return what somebody looks for: as much as a search takes, without what the database does not."""
    return text.replace("\0", "").strip()[:MOST_CHARACTERS]
