"""How candidates stand at Lever: the questions we ask, and what is made of odd answers."""

from datetime import UTC, datetime, timedelta

import pytest

from integrations.errors import Rejected, TryLater
from integrations.providers import Move, Progress
from tests.integrations.lever.ada import API, CONTACT, OPPORTUNITY

ADA = f"{API}/opportunities/{OPPORTUNITY}"
SINCE = datetime(2026, 1, 1, 12, 0, 0, 123_900, tzinfo=UTC)
CHANGED = f"{API}/opportunities?updated_at_start=1767268800123&limit=100"
GONE = f"{API}/opportunities/deleted?deleted_at_start=1767268800123&limit=100"
# The next page's token, encoded once more as any parameter is.
OFFSET = "%5B201%2C1767398400000%2C%220c5d1ad4-6b3f-5f5c-8b2b-0a6a3fb1b2c1%22%5D"
ENCODED = OFFSET.replace("%", "%25")
TOMAS = "d2025960-6211-5f75-9812-83a60553db2b"
SCREEN = "b3fccc11-f04e-597a-af1f-221902039e3a"
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def provider():
    from integrations.lever import provider

    return provider


@pytest.fixture
def read(http, provider, lever, answer):
    """Read Ada's progress, with some of her record's fields changed where the test says so."""

    def read(**changes):
        http.get(ADA, json=answer("opportunity_moved", **changes))
        return provider.read_progress(lever, OPPORTUNITY)

    return read


def test_an_opportunity_is_read_without_its_person(read, http):
    assert read() == Progress(
        external_id=OPPORTUNITY,
        stage_id=SCREEN,
        updated_at=NEW_YEAR + timedelta(days=2, milliseconds=123),
        moves=(
            Move("lead-new", NEW_YEAR),
            Move("lead-responded", NEW_YEAR + timedelta(days=1)),
            Move(SCREEN, NEW_YEAR + timedelta(days=2)),
        ),
        owner_id=TOMAS,
        origin="sourced",
        tags=("Purpose Jobs", "Backend Engineer", "Engineering", "Platform", "Berlin", "Full-time"),
        external_url=f"https://hire.lever.co/candidates/{OPPORTUNITY}",
        contact_id=CONTACT,
    )
    assert [call.request.url for call in http.calls] == [ADA]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"updatedAt": None}, {"updated_at": NEW_YEAR}),
        ({"updatedAt": 0}, {"updated_at": NEW_YEAR}),
        (
            {"archived": {"reason": "timing", "archivedAt": 1767225600000}},
            {"archived_at": NEW_YEAR, "archive_reason_id": "timing"},
        ),
        ({"archived": {"reason": None, "archivedAt": None}}, {"archived_at": None, "archive_reason_id": ""}),
        ({"archived": "yes"}, {"archived_at": None, "archive_reason_id": ""}),
        (
            {
                "stage": {"id": "offer", "text": "Offer"},
                "owner": {"id": TOMAS, "name": "Tomas"},
                "contact": {"id": "c"},
            },
            {"stage_id": "offer", "owner_id": TOMAS, "contact_id": "c"},
        ),
        ({"owner": None, "contact": None}, {"owner_id": "", "contact_id": ""}),
        ({"isAnonymized": True}, {"is_anonymised": True}),
        ({"stageChanges": None}, {"moves": ()}),
        ({"stageChanges": "none"}, {"moves": ()}),
        (
            {
                "stageChanges": [
                    None,
                    {},
                    {"toStageId": None, "updatedAt": 1767225600000},
                    {"toStageId": "offer", "updatedAt": None},
                    {"toStageId": "offer", "updatedAt": 10**30},
                    {"toStageId": {"id": "offer"}, "updatedAt": 1767225600000},
                ]
            },
            {"moves": (Move("offer", NEW_YEAR),)},
        ),
        ({"tags": None}, {"tags": ()}),
        ({"tags": ["x" * 300, 7, "a\x00b"]}, {"tags": ("x" * 200, "ab")}),
        ({"origin": None, "urls": None}, {"origin": "", "external_url": ""}),
        ({"urls": {"show": "javascript:alert(1)"}}, {"external_url": ""}),
    ],
    ids=lambda value: str(value)[:40],
)
def test_odd_fields_are_understood(read, changes, fields):
    progress = read(**changes)
    assert {name: getattr(progress, name) for name in fields} == fields


@pytest.mark.parametrize("changes", [{"id": None}, {"id": ""}, {"updatedAt": None, "createdAt": None}, {"id": 7}])
def test_what_cannot_be_an_opportunity_is_unclear(read, changes):
    with pytest.raises(TryLater, match="unclear"):
        read(**changes)


def test_a_404_that_is_not_levers_deletes_nobody(http, provider, lever):
    http.get(ADA, status=404, body="<html>nginx</html>")
    with pytest.raises(TryLater, match="unclear"):
        provider.read_progress(lever, OPPORTUNITY)


def test_one_that_became_confidential_is_not_deleted(http, provider, lever):
    http.get(ADA, status=403, json={"code": "ForbiddenError", "message": "Confidential records need access"})
    with pytest.raises(Rejected, match="confidential"):
        provider.read_progress(lever, OPPORTUNITY)


def test_what_changed_is_asked_for_to_the_millisecond_and_page_by_page(http, provider, lever, answer):
    http.get(CHANGED, json=answer("opportunities_changed_first_page"))
    http.get(f"{CHANGED}&offset={ENCODED}", json=answer("opportunities_changed_last_page"))
    first = provider.list_progress(lever, SINCE, "")
    assert first.next_cursor == OFFSET
    last = provider.list_progress(lever, SINCE, first.next_cursor)
    assert last.next_cursor == ""
    assert [(record.origin, record.moves == ()) for record in (*first.records, *last.records)] == [
        ("sourced", False),
        ("applied", True),
    ]
    # Nobody touched the second since it was made.
    assert last.records[0].updated_at == NEW_YEAR


def test_confidential_ones_are_asked_for_where_that_was_granted(http, provider, answer):
    lever = provider.open_client("production", "t", deadline=5, scopes=["confidential:access:admin"])
    url = f"{API}/opportunities?updated_at_start=1767268800123&confidentiality=all&limit=100"
    http.get(url, json=answer("opportunities_changed_last_page"))
    assert len(provider.list_progress(lever, SINCE, "").records) == 1


def test_a_cursor_that_is_no_longer_taken_is_unclear(http, provider, lever):
    http.get(f"{CHANGED}&offset=old", status=400, json={"code": "BadRequestError", "message": "Invalid offset token"})
    with pytest.raises(TryLater) as caught:
        provider.list_progress(lever, SINCE, "old")
    assert (caught.value.code, caught.value.is_outage) == ("unclear", False)


@pytest.mark.parametrize("page", [{"data": None}, {"data": [], "hasNext": True}, {"data": {}}, {"data": [None]}, {}])
def test_a_page_that_is_not_understood_is_unclear(http, provider, lever, page):
    http.get(CHANGED, json=page)
    with pytest.raises(TryLater, match="unclear"):
        provider.list_progress(lever, SINCE, "")


def test_a_page_that_leads_to_itself_is_unclear(http, provider, lever):
    http.get(f"{CHANGED}&offset=here", json={"data": [], "hasNext": True, "next": "here"})
    with pytest.raises(TryLater, match="unclear"):
        provider.list_progress(lever, SINCE, "here")


def test_the_deleted_are_asked_for_by_when(http, provider, lever, answer):
    http.get(GONE, json=answer("opportunities_deleted"))
    page = provider.list_deleted(lever, SINCE, "")
    assert (page.external_ids, page.next_cursor) == (("7e0b1f9a-2f8c-5b51-9a77-9d0a1f4de001",), "")


def test_one_reason_in_the_place_of_the_list_is_a_list_of_one(http, provider, lever):
    http.get(f"{API}/archive_reasons?limit=100", json={"data": {"id": "hired", "text": "Hired", "type": "hired"}})
    [reason] = provider.list_reasons(lever)
    assert (reason.name, reason.is_hire) == ("Hired", True)


def test_one_posting_in_the_place_of_the_list_is_no_list(http, provider, lever, answer):
    one = answer("postings_first_page")["data"][0]
    http.get(f"{API}/postings?limit=100", json={"data": one})
    with pytest.raises(TryLater, match="unclear"):
        provider.list_postings(lever)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, ""),
        ({"salaryRange": None, "salaryDescription": None}, ""),
        ({"salaryDescription": "  As\nagreed "}, "As agreed"),
        ({"salaryRange": {"min": 60000, "max": 80000, "currency": "EUR", "interval": "per-year-salary"}},
         "EUR 60,000 – 80,000 per year"),
        ({"salaryRange": {"min": 21.5, "max": 21.5, "currency": "USD", "interval": "per-hour-wage"}},
         "USD 21.5 per hour"),
        ({"salaryRange": {"min": 0, "max": 9000, "currency": "CHF", "interval": "per-month-salary"}},
         "CHF up to 9,000 per month"),
        ({"salaryRange": {"min": 1000000, "max": None, "currency": "JPY", "interval": "one-time"}},
         "JPY from 1,000,000 one time"),
        ({"salaryRange": {"min": "60k", "max": True, "currency": "EUR"}, "salaryDescription": "Ask"}, "Ask"),
        ({"salaryRange": {"min": 1, "max": 2}}, "1 – 2"),
        ({"salaryDescription": "x" * 500}, "x" * 120),
    ],
)  # fmt: skip
def test_a_salary_is_said_in_words(http, provider, lever, answer, given, words):
    page = answer("postings_first_page", **given) | {"hasNext": False}
    http.get(f"{API}/postings?limit=100", json=page)
    assert provider.list_postings(lever)[0].salary == words


def test_a_postings_text_is_whole(http, provider, lever, answer):
    from purposejobs.markdown import markdown_from_html

    content = {
        "description": "We <3 R&D\nCome",
        "lists": [
            {"text": "You & us", "content": "<li>Curiosity</li><li><b>Care</b></li>"},
            {"text": "", "content": ""},
            None,
            {"text": "Perks", "content": None},
        ],
        "closing": "ignored",
        "closingHtml": '<div>See <a href="https://x.example/">us</a></div><script>alert(1)</script>',
    }
    http.get(f"{API}/postings?limit=100", json=answer("postings_first_page", content=content) | {"hasNext": False})
    [posting] = provider.list_postings(lever)
    assert posting.description == ""
    assert markdown_from_html(posting.description_html) == (
        "We <3 R&D\nCome\n\n### You & us\n\n- Curiosity\n- **Care**\n\n### Perks\n\nSee [us](https://x.example/)"
    )
