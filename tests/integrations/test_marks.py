"""Where a candidate stands: the words of each state, and who is asked again."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import queries
from integrations.models import CandidateExport
from purposejobs.tenancy import company_scope
from tests.factories import make_candidate
from tests.integrations.rows import end, make_connection, make_export, make_posting, make_reason, make_stage, move

pytestmark = pytest.mark.django_db

LATER = timezone.now() + timedelta(days=1)


@pytest.fixture
def far(acme):
    return make_connection(acme)


def mark_of(export):
    with company_scope(export.company_id):
        return queries.candidate_marks(export.company, [export.candidate_id])[export.candidate_id][0]


STATES = [
    ("waiting", {"state": "waiting"}, "waiting", "Waiting", 2),
    ("waiting for long", {"state": "waiting", "tries": 3, "next_attempt_at": LATER}, "waiting", "Waiting", 10),
    ("held", {"state": "waiting", "held_reason": "posting_closed"}, "held", "Waiting", 0),
    ("sending", {"state": "sending"}, "sending", "Sending", 2),
    ("sent", {"state": "sent"}, "sent", "In Lever", 0),
    ("note under way", {"state": "sent", "follow_up": "waiting"}, "sent", "In Lever", 2),
    ("note failed", {"state": "sent", "follow_up": "failed"}, "sent", "In Lever", 0),
    ("deleted there", {"state": "sent", "deleted_there_at": LATER}, "cancelled", "Deleted in Lever", 0),
    ("failed", {"state": "failed", "failure_code": "bad_request"}, "failed", "Needs attention", 0),
    ("cancelled", {"state": "cancelled", "cancelled_reason": "withdrawn"}, "cancelled", "Cancelled", 0),
]


@pytest.mark.parametrize(
    ("fields", "state", "word", "seconds"), [row[1:] for row in STATES], ids=[r[0] for r in STATES]
)
def test_each_state_has_its_word_and_its_pace_of_asking(far, fields, state, word, seconds):
    mark = mark_of(make_export(far, **fields))

    assert (mark.state, mark.word, mark.poll_seconds) == (state, word, seconds)


def test_sent_names_the_stage_and_where_to_look(far):
    mark = mark_of(make_export(far, state="sent", external_url="https://ats.example/1"))

    assert (mark.stage_name, mark.url, mark.tone) == ("New lead", "https://ats.example/1", "in-ats")


def test_a_stage_that_is_not_known_is_not_shown_by_its_id(far):
    assert mark_of(make_export(far, state="sent", stage_id="c0ffee")).stage_name == ""


def test_failure_says_reason_and_remedy_and_can_be_retried(far):
    mark = mark_of(make_export(far, state="failed", failure_code="file_refused"))

    assert mark.title == "Lever did not accept the résumé"
    assert mark.remedy == "Ask the candidate for the résumé as PDF, then send again."
    assert (mark.can_retry, mark.can_dismiss) == (True, True)


def test_after_disconnecting_nothing_can_be_retried(acme):
    gone = make_connection(acme, state="disconnected")

    mark = mark_of(make_export(gone, state="failed", failure_code="bad_request"))

    assert (mark.can_retry, mark.can_dismiss) == (False, True)


def test_while_access_is_lost_waiting_says_so_and_nothing_is_asked(acme):
    lost = make_connection(acme, state="needs_reconnect", lost_reason="grant_dead")

    mark = mark_of(make_export(lost, state="waiting"))

    assert mark.reason == "Nothing is lost: this goes out by itself when access is back."
    assert (mark.remedy, mark.poll_seconds) == ("Reconnect Lever.", 0)


def test_waiting_for_a_busy_ats_says_so_and_when_it_goes_on(far):
    mark = mark_of(make_export(far, state="waiting", tries=2, failure_code="busy", next_attempt_at=LATER))

    assert mark.reason == "Lever asked us to slow down. This one goes out by itself."
    assert mark.next_attempt_at == LATER


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"was_known": True}, "Already in Lever; their profile there is unchanged."),
        ({"without_resume": True}, "Sent without résumé."),
        ({"follow_up": "failed"}, "The phone number or the note could not be added."),
    ],
    ids=["known", "without résumé", "note failed"],
)
def test_remarks_on_what_went_well_are_quiet(far, fields, note):
    mark = mark_of(make_export(far, state="sent", **fields))

    assert (mark.note, mark.tone) == (note, "in-ats")


def test_the_newest_export_comes_first(far, acme):
    candidate = make_candidate()
    make_export(far, candidate, make_posting(far, "Old"), requested_at=timezone.now() - timedelta(days=1))
    make_export(far, candidate, make_posting(far, "New"))

    with company_scope(acme):
        marks = queries.candidate_marks(acme, [candidate.pk])[candidate.pk]

    assert [mark.posting_title for mark in marks] == ["New", "Old"]


def test_marks_of_200_candidates_take_the_queries_of_10(far, acme):
    person = {"state": "sent", "owner_id": "owner", "archive_reason_id": "reason"}
    people = [make_export(far, posting=make_posting(far), **person).candidate_id for _ in range(200)]

    with company_scope(acme):
        with CaptureQueriesContext(connection) as few:
            queries.candidate_marks(acme, people[:10])
        with CaptureQueriesContext(connection) as many:
            assert len(queries.candidate_marks(acme, people)) == 200

    assert (len(few), len(many)) == (4, 4)


def test_another_companys_exports_are_no_marks_of_ours(far, acme, globex):
    theirs = make_export(make_connection(globex), state="sent")

    with company_scope(acme):
        assert queries.candidate_marks(acme, [theirs.candidate_id]) == {}


# -- The fragments --------------------------------------------------------------------------------------------------


def fragment(client, user, address):
    client.force_login(user)
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_fragment_asks_again_while_something_is_under_way(client, bob, far):
    export = make_export(far, state="sending")

    text = fragment(client, bob, f"/c/acme/exports/{export.pk}/mark/")

    assert f'hx-get="/c/acme/exports/{export.pk}/mark/" hx-trigger="every 2s"' in text


def test_fragment_asks_nothing_once_it_arrived(client, bob, far):
    export = make_export(far, state="sent", external_url="https://ats.example/1")

    text = fragment(client, bob, f"/c/acme/exports/{export.pk}/mark/")

    assert "hx-trigger" not in text
    assert (
        '<a class="over-link" href="https://ats.example/1" target="_blank" rel="noopener noreferrer">View in Lever'
        in text
    )


def test_the_chip_of_a_list_is_the_newest_export(client, bob, far):
    candidate = make_candidate(is_discoverable=True)
    make_export(far, candidate, make_posting(far, "One"), state="sent", requested_at=timezone.now() - timedelta(days=1))
    move(make_export(far, candidate, make_posting(far, "Two"), state="sent"), make_stage(far, "Phone interview"))

    chip = fragment(client, bob, f"/c/acme/candidates/{candidate.pk}/mark/")

    assert "In Lever · Phone interview" in chip
    assert "and 1 more" in chip


@pytest.mark.parametrize(
    ("is_hire", "word", "look"),
    [(True, "Hired", "chip--done chip--ended"), (False, "Archived", "chip chip--ended")],
    ids=["hired", "archived"],
)
def test_how_it_ended_has_a_quiet_chip_of_its_own(client, bob, far, is_hire, word, look):
    export = make_export(far, state="sent")
    end(export, make_reason(far, "Anything", is_hire=is_hire))

    chip = fragment(client, bob, f"/c/acme/candidates/{export.candidate_id}/mark/")

    assert word in chip
    assert look in chip
    assert "In Lever" not in chip


def test_try_again_waits_again_and_answers_with_the_mark(client, bob, far):
    export = make_export(far, state="failed", failure_code="bad_request")
    client.force_login(bob)

    answer = client.post(f"/c/acme/exports/{export.pk}/retry/", headers={"HX-Request": "true"}).content.decode()

    assert "Waiting" in answer
    assert "<html" not in answer
    with company_scope(far.company):
        assert CandidateExport.objects.get(pk=export.pk).state == "waiting"


def test_dismiss_puts_it_aside(client, bob, far):
    export = make_export(far, state="failed", failure_code="bad_request")
    client.force_login(bob)

    assert client.post(f"/c/acme/exports/{export.pk}/dismiss/?in=list").url == "/c/acme/exports/"

    with company_scope(far.company):
        assert CandidateExport.objects.get(pk=export.pk).cancelled_reason == "dismissed"


@pytest.mark.parametrize("act", ["retry", "dismiss"])
def test_stranger_and_reader_change_nothing(client, mallory, bob, far, act):
    export = make_export(far, state="failed", failure_code="bad_request")
    client.force_login(mallory)
    assert client.post(f"/c/acme/exports/{export.pk}/{act}/").status_code == 404
    assert client.post(f"/c/globex/exports/{export.pk}/{act}/").status_code == 404
    client.force_login(bob)
    assert client.get(f"/c/acme/exports/{export.pk}/{act}/").status_code == 405

    with company_scope(far.company):
        assert CandidateExport.objects.get(pk=export.pk).state == "failed"


def test_stranger_reads_no_mark(client, mallory, far):
    export = make_export(far, state="sent")
    client.force_login(mallory)

    assert client.get(f"/c/acme/exports/{export.pk}/mark/").status_code == 404
    assert client.get(f"/c/globex/exports/{export.pk}/mark/").status_code == 404
