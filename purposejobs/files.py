"""Files that people open elsewhere."""

import csv
from collections.abc import Iterable, Iterator
from typing import Any

# A spreadsheet takes a cell that begins so for a formula, and runs it. OWASP, "CSV Injection".
FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Write the rows of a CSV file that a spreadsheet opens as what it is: in UTF-8, and without running anything."""
    writer: Any = csv.writer(_Echo())
    yield "\ufeff"
    for row in rows:
        yield writer.writerow([csv_cell(cell) for cell in row])


def csv_cell(cell: object) -> object:
    """Return what may stand in a CSV file: a text that would be taken for a formula gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_MARKS) else cell
