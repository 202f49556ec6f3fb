"""Files that people open elsewhere."""

# A spreadsheet takes a cell that begins so for a formula, and runs it. OWASP, "CSV Injection".
FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")


def csv_cell(value: object) -> object:
    """Return what may stand in a CSV file: a text that would be taken for a formula gets an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_MARKS) else value
