"""What a sentence for people is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What sort of trouble it is: it passes, it needs a setting, or this one cannot go as it is."""

    TEMPORARY = "temporary"
    CONFIGURATION = "configuration"
    PERMANENT = "permanent"


class Who(StrEnum):
    """Who can do what the remedy says."""

    RECRUITER = "recruiter"
    ADMIN = "admin"
    NOBODY = "nobody"


class Place(StrEnum):
    """Where on Purpose Jobs the remedy is done, if it is done here at all."""

    NOWHERE = ""
    JOB = "job"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True)
class Words:
    title: str
    reason: str
    remedy: str = ""
    kind: Kind = Kind.PERMANENT
    who: Who = Who.RECRUITER
    place: Place = Place.NOWHERE


def permanent(title: str, reason: str, remedy: str, place: Place = Place.NOWHERE) -> Words:
    return Words(title, reason, remedy, place=place)


def configuration(title: str, reason: str, remedy: str) -> Words:
    return Words(title, reason, remedy, Kind.CONFIGURATION, Who.ADMIN, Place.CONNECTION)


def temporary(title: str, reason: str) -> Words:
    return Words(title, reason, "", Kind.TEMPORARY, Who.NOBODY)


class _Blank(dict[str, object]):
    """Words of a parameter that was not given are left out."""

    def __missing__(self, key: str) -> str:
        return ""


def fill(words: Words, label: str, parameters: Mapping[str, object] | None = None) -> Words:
    values = _Blank({**(parameters or {}), "label": label})
    return Words(
        title=words.title.format_map(values),
        reason=words.reason.format_map(values),
        remedy=words.remedy.format_map(values),
        kind=words.kind,
        who=words.who,
        place=words.place,
    )
