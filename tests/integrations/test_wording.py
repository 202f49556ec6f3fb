"""Every code that is raised has words, and the words name no ATS."""

import ast
from pathlib import Path

import pytest

from integrations import wording
from integrations.models import CandidateExport, StageChange
from integrations.queries.timeline import ICONS

PACKAGE = Path(wording.__file__).parent.parent
TABLES = {
    "Rejected": wording.FAILURES,
    "TryLater": wording.WAITS,
    "ConnectionLost": wording.LOST,
    "Refused": wording.REFUSALS,
}


def raised_codes() -> list[tuple[str, str]]:
    """Read the codes out of every call of an error in the package's sources, conditional ones too."""
    codes = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TABLES and node.args:
                constants = (each.value for each in ast.walk(node.args[0]) if isinstance(each, ast.Constant))
                codes |= {(node.func.id, code) for code in constants if isinstance(code, str)}
    return sorted(codes)


@pytest.mark.parametrize(("error", "code"), raised_codes())
def test_every_code_that_is_raised_has_words(error, code):
    assert code in TABLES[error]


def test_the_sources_raise_all_four_errors():
    assert {error for error, _ in raised_codes()} == set(TABLES)


@pytest.mark.parametrize("code", CandidateExport.Held.values)
def test_every_reason_to_hold_has_words_and_a_remedy(code):
    assert code in wording.HELD
    assert wording.describe_hold(code, "Acme ATS").remedy


@pytest.mark.parametrize("code", CandidateExport.Cancelled.values)
def test_every_reason_to_cancel_has_words(code):
    assert code in wording.CANCELLED


ALL = [words for table in (*TABLES.values(), wording.HELD, wording.CANCELLED) for words in table.values()] + [
    wording.UNKNOWN_FAILURE,
    wording.UNKNOWN_WAIT,
    wording.UNKNOWN_LOST,
    wording.UNKNOWN_REFUSAL,
]


@pytest.mark.parametrize("words", ALL, ids=lambda words: words.title)
def test_words_are_sentences_without_blame_or_noise(words):
    filled = wording.fill(words, "Acme ATS")
    text = f"{filled.title} {filled.reason} {filled.remedy}"

    assert "{" not in text
    assert "!" not in text
    assert "error" not in text.lower()
    assert filled.reason.endswith(".")
    assert not filled.title.endswith(".")


@pytest.mark.parametrize("words", [*wording.FAILURES.values(), *wording.LOST.values()], ids=lambda words: words.title)
def test_what_needs_a_person_says_what_to_do(words):
    assert words.remedy
    assert words.who != wording.Who.NOBODY


@pytest.mark.parametrize("words", wording.WAITS.values(), ids=lambda words: words.reason)
def test_waiting_is_not_an_error(words):
    assert words.kind == wording.Kind.TEMPORARY
    assert words.title == "Waiting for {label}"
    assert words.remedy == ""


def test_an_unknown_code_still_gets_a_sentence_with_the_ats_in_it():
    words = wording.describe_failure("never_heard_of", {}, "Acme ATS")

    assert words.title == "Acme ATS did not take this candidate"
    assert words.remedy == "Try again; if it happens twice, add the candidate in Acme ATS by hand."


def test_a_missing_parameter_is_left_out():
    words = wording.Words("{label} refused {field}", "No.")

    assert wording.fill(words, "Acme ATS").title == "Acme ATS refused "
    assert wording.fill(words, "Acme ATS", {"field": "phone"}).title == "Acme ATS refused phone"


@pytest.mark.parametrize("kind", StageChange.Kind.values)
def test_every_change_there_has_words_and_an_icon(kind):
    assert kind in wording.CHANGES
    assert kind in ICONS
    assert wording.describe_change(kind, "Workable") == wording.describe_change(kind, "Workable").strip()


def test_a_stage_may_be_called_anything():
    assert (
        wording.describe_change("moved", "Workable", "{label} & <b>friends</b>") == "Moved to {label} & <b>friends</b>"
    )
