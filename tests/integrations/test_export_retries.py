"""Trying again and dismissing many exports at once: all, or those that the filters choose."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import Activity, CandidateExport
from purposejobs.tenancy import company_scope
from tests.factories import make_job
from tests.integrations.rows import make_connection, make_export

pytestmark = pytest.mark.django_db

PAGE = "/c/acme/exports/"
RETRY, DISMISS = f"{PAGE}retry/", f"{PAGE}dismiss/"


@pytest.fixture
def far(acme):
    return make_connection(acme)


@pytest.fixture
def job(acme):
    return make_job(acme, "Backend Engineer")


@pytest.fixture
def signed_in(client, bob):
    client.force_login(bob)
    return client


@pytest.fixture
def failed(far, job):
    """Two that failed for their résumé, one of them for the job, and one that may not."""
    return [
        make_export(far, state="failed", failure_code="file_refused", job=job),
        make_export(far, state="failed", failure_code="file_refused"),
        make_export(far, state="failed", failure_code="forbidden"),
    ]


def states(company) -> list[str]:
    with company_scope(company):
        return list(CandidateExport.objects.order_by("pk").values_list("state", flat=True))


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", ["Try all 3 again", "Dismiss all 3"]),
        ("?code=file_refused", ["Try these 2 again", "Dismiss these 2", "Try all 3 again", "Dismiss all 3"]),
        ("?code=forbidden", ["Try 1 candidate again", "Dismiss 1 candidate", "Try all 3 again", "Dismiss all 3"]),
        ("?since=day", ["Try these 3 again", "Dismiss these 3"]),
    ],
)
def test_the_list_offers_all_and_what_the_filters_choose(signed_in, failed, query, words):
    assert [act.word for act in signed_in.get(PAGE + query).context["bulk"]] == words


def test_the_list_offers_the_reasons_there_are_as_a_filter(signed_in, failed):
    response = signed_in.get(f"{PAGE}?code=forbidden")

    assert [code for code, _ in response.context["codes"]] == ["file_refused", "forbidden"]
    assert [row.export.pk for row in response.context["rows"]] == [failed[2].pk]


def test_nothing_is_offered_where_nothing_failed(signed_in, far):
    make_export(far, held_reason="posting_closed")

    assert signed_in.get(PAGE).context["bulk"] == []


def test_asking_says_how_many_and_changes_nothing(signed_in, acme, failed):
    text = signed_in.get(f"{RETRY}?code=file_refused").content.decode()

    assert "Try 2 again?" in text
    assert states(acme) == ["failed"] * 3


def test_all_are_tried_again(signed_in, acme, bob, failed):
    response = signed_in.post(RETRY)

    assert response.url == PAGE
    assert states(acme) == ["waiting"] * 3
    with company_scope(acme):
        assert Activity.objects.filter(verb="retried", actor=bob).count() == 3
        assert not CandidateExport.objects.exclude(failure_code="").exists()


@pytest.mark.parametrize(
    ("which", "expected"),
    [("job", ["waiting", "failed", "failed"]), ("code", ["waiting", "waiting", "failed"])],
)
def test_what_the_filters_choose_is_tried_again(signed_in, acme, job, failed, which, expected):
    body = {"job": {"job": job.pk}, "code": {"code": "file_refused"}}[which]

    signed_in.post(RETRY, body)

    assert states(acme) == expected


def test_an_unclear_attempt_is_not_looked_up_sooner_for_being_tried_again(signed_in, acme, far):
    later = timezone.now() + timedelta(seconds=30)
    make_export(
        far,
        state="failed",
        failure_code="internal_error",
        look_first=True,
        look_since=timezone.now(),
        next_attempt_at=later,
    )

    signed_in.post(RETRY)

    with company_scope(acme):
        assert CandidateExport.objects.get().next_attempt_at == later


def test_only_the_follow_up_that_failed_is_tried_again(signed_in, acme, far):
    make_export(far, state="sent", follow_up="failed", follow_up_code="phone_refused")

    signed_in.post(RETRY)

    with company_scope(acme):
        export = CandidateExport.objects.get()
    assert (export.state, export.follow_up) == ("sent", "waiting")


def test_what_the_filters_choose_is_dismissed(signed_in, acme, failed):
    response = signed_in.post(DISMISS, {"code": "file_refused"})

    assert response.url == f"{PAGE}?code=file_refused"
    assert states(acme) == ["cancelled", "cancelled", "failed"]


@pytest.mark.parametrize("address", [RETRY, DISMISS])
def test_another_companys_exports_and_jobs_are_out_of_reach(signed_in, globex, address):
    theirs = make_connection(globex)
    make_export(theirs, state="failed", failure_code="bad_request")

    signed_in.post(address)

    assert states(globex) == ["failed"]
    assert signed_in.post(address, {"job": make_job(globex).pk}).status_code == 404
    assert signed_in.get(f"{address}?job=x").status_code == 404


@pytest.mark.parametrize("address", [RETRY, DISMISS])
def test_many_take_as_many_queries_as_few(signed_in, far, address):
    signed_in.get(PAGE)
    counts = []
    for number in (3, 30):
        for _ in range(number):
            make_export(far, state="failed", failure_code="bad_request")
        with CaptureQueriesContext(connection) as queries:
            signed_in.post(address)
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        pytest.param({"tries": 1, "failure_code": "busy"}, "Passes by itself", id="temporary"),
        pytest.param(
            {"state": "failed", "failure_code": "forbidden"}, "Needs a change in the settings", id="configuration"
        ),
        pytest.param({"state": "failed", "failure_code": "file_refused"}, "Needs a person", id="permanent"),
    ],
)
def test_each_kind_of_trouble_has_its_word(signed_in, far, fields, word):
    make_export(far, **fields)

    assert word in signed_in.get(f"{PAGE}?state=all").content.decode()


def test_after_the_last_of_a_reason_the_page_does_not_say_that_nobody_was_sent(signed_in, failed):
    signed_in.post(RETRY, {"code": "forbidden"})

    response = signed_in.get(f"{PAGE}?code=forbidden")

    assert "Nobody here" in response.content.decode()
    assert [tab.count for tab in response.context["tabs"]] == ["2", "1", "0", "0", "3"]
