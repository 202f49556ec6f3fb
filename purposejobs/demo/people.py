"""The candidates of the demo, from people.csv. All are invented; their addresses and numbers reach nobody."""

import csv
from dataclasses import dataclass
from pathlib import Path
from unicodedata import combining, normalize


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    location: str
    trade: str
    headline: str
    years: int
    salary: str
    # Keys of the jobs they applied to.
    applied_to: tuple[str, ...] = ()
    is_discoverable: bool = True
    # The company they do not want to be seen by.
    hides_from: str = ""

    @property
    def handle(self) -> str:
        """The name as it stands in addresses: Zoë O'Hara is zoe.ohara."""
        plain = "".join(letter for letter in normalize("NFKD", self.name.lower()) if not combining(letter))
        for letter, letters in (("ø", "o"), ("ß", "ss"), ("æ", "ae"), ("đ", "d"), ("'", "")):
            plain = plain.replace(letter, letters)
        return ".".join(plain.replace("-", " ").split())

    @property
    def email(self) -> str:
        return f"{self.handle}@mail.example"


def _read() -> tuple[Person, ...]:
    table = Path(__file__).with_name("people.csv").read_text(encoding="utf-8")
    return tuple(
        Person(
            name=row["name"],
            location=row["location"],
            trade=row["trade"],
            headline=row["headline"],
            years=int(row["years"]),
            salary=row["salary"],
            applied_to=tuple(row["applied_to"].split()),
            is_discoverable=row["discoverable"] == "yes",
            hides_from=row["hides_from"],
        )
        for row in csv.DictReader(table.splitlines())
    )


PEOPLE = _read()
