"""What other apps are told about a company's ATS."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import queries
from purposejobs.tenancy import company_scope
from tests.factories import hide_from, make_candidate, make_job
from tests.integrations.rows import (
    end,
    make_change,
    make_connection,
    make_export,
    make_link,
    make_posting,
    make_reason,
    make_stage,
    move,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def far(acme):
    return make_connection(acme)


@pytest.fixture
def scope(acme):
    with company_scope(acme):
        yield


def test_standing_connection_is_the_one_nobody_ended(acme, scope):
    make_connection(acme, state="disconnected")
    lost = make_connection(acme, state="needs_reconnect")

    assert queries.standing_connection(acme) == lost
    assert queries.connection_notice(acme) == lost
    assert queries.provider_label(acme) == "Lever"


@pytest.mark.usefixtures("one_ats")
def test_without_a_connection_the_only_ats_lends_its_name(acme, scope):
    assert queries.standing_connection(acme) is None
    assert queries.provider_label(acme) == "Lever"
    assert queries.share_state(acme).can_send is False


def test_with_several_to_choose_from_none_lends_its_name(acme, scope):
    assert queries.provider_label(acme) == "your ATS"
    assert queries.share_state(acme).why_not.startswith("Your ATS is not connected. An admin can connect it")


def test_jobs_say_what_they_are_connected_with(acme, far, scope):
    good = make_link(make_posting(far, "Good")).job
    shut = make_link(make_posting(far, "Shut", is_open=False, state="Closed")).job
    gone = make_link(make_posting(far, "Gone", gone_at=timezone.now())).job
    free = make_job(acme)

    marks = queries.job_marks(acme, [good.pk, shut.pk, gone.pk, free.pk])

    assert [(mark.word, mark.is_linked, mark.is_held) for mark in marks.values()] == [
        ("Good", True, False),
        ("Closed in Lever", True, True),
        ("Gone or confidential in Lever", True, True),
        ("Not connected", False, False),
    ]


def test_marks_of_200_jobs_are_one_query(acme, far, scope):
    jobs = [make_link(make_posting(far)).job_id for _ in range(200)]

    with CaptureQueriesContext(connection) as counted:
        assert len(queries.job_marks(acme, jobs)) == 200

    assert len(counted) == 1


def test_links_of_an_ended_connection_are_none(acme, scope):
    link = make_link(make_posting(make_connection(acme, state="disconnected")))

    assert queries.job_marks(acme, [link.job_id])[link.job_id].is_linked is False
    assert queries.linked_posting(link.job) is None


def test_choices_are_open_ones_first_and_say_why_not_and_where_used(acme, far, scope):
    make_posting(far, "Zebra keeper")
    make_posting(far, "Ape keeper", is_open=False, state="Draft")
    make_link(make_posting(far, "Bird keeper", gone_at=timezone.now()), make_job(acme, "Birds"))
    make_posting(far, "Forgotten", gone_at=timezone.now())

    choices = queries.posting_choices(acme)

    assert [(choice.title, choice.is_open, choice.why_not, choice.used_by) for choice in choices] == [
        ("Bird keeper", False, "no longer in Lever, or confidential there", ("Birds",)),
        ("Zebra keeper", True, "", ()),
        ("Ape keeper", False, "draft in Lever", ()),
    ]


def test_choices_of_200_postings_are_three_queries(acme, far, scope):
    for _ in range(200):
        make_link(make_posting(far))

    with CaptureQueriesContext(connection) as counted:
        assert len(queries.posting_choices(acme)) == 200

    assert len(counted) == 3


def test_unlinked_open_jobs_are_counted_while_something_is_connected(acme, far, scope):
    make_link(make_posting(far))
    make_job(acme)
    make_job(acme, status="draft")

    assert queries.unlinked_open_jobs(acme) == 1


def test_unlinked_jobs_are_nobodys_worry_without_a_connection(acme, scope):
    make_job(acme)

    assert queries.unlinked_open_jobs(acme) == 0


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("failed", {"Failed"}),
        ("held", {"Held"}),
        ("waiting", {"Held", "Waiting", "Sending"}),
        ("sent", {"Sent"}),
        ("cancelled", set()),
        ("nonsense", set()),
    ],
)
def test_candidates_are_found_by_the_state_of_their_exports(acme, far, scope, state, expected):
    people = {
        "Failed": {"state": "failed"},
        "Held": {"state": "waiting", "held_reason": "posting_gone"},
        "Waiting": {"state": "waiting"},
        "Sending": {"state": "sending"},
        "Sent": {"state": "sent"},
    }
    names = {make_export(far, make_candidate(name), **fields).candidate_id: name for name, fields in people.items()}

    assert {names[pk] for pk in queries.candidates_in_state(acme, state)} == expected


# -- What happened lately there --------------------------------------------------------------------------------------


def recent(company, **options):
    return [(each.name, each.change.word, each.place) for each in queries.recent_changes(company, **options)]


def test_the_latest_of_all_kinds_comes_first_and_arriving_is_no_news(acme, far, scope):
    now, stage = timezone.now(), make_stage(far, "Interview")
    posting = make_posting(far, "Organizer")
    kim, lee = (
        make_export(far, make_candidate(name, is_discoverable=True), posting, state="sent") for name in ("Kim", "Lee")
    )
    make_change(kim, stage_id="lead-new", stage_name="New lead", happened_at=now)
    move(kim, stage, happened_at=now - timedelta(days=3))
    end(lee, make_reason(far, "Timing"), happened_at=now - timedelta(days=2))
    end(kim, make_reason(far, "Hired", is_hire=True), happened_at=now - timedelta(days=1))

    assert recent(acme) == [
        ("Kim", "Hired", "Organizer"),
        ("Lee", "Archived: Timing", "Organizer"),
        ("Kim", "Moved to Interview", "Organizer"),
    ]
    assert recent(acme, limit=1) == [("Kim", "Hired", "Organizer")]


def test_of_people_whom_the_company_sees_no_more_nothing_is_told(acme, far, globex, scope):
    hidden = make_candidate("Hidden", is_discoverable=True)
    move(make_export(far, hidden, state="sent"), make_stage(far))
    hide_from(hidden, acme)
    theirs = make_connection(globex)
    move(make_export(theirs, make_candidate("Theirs", is_discoverable=True), state="sent"), make_stage(theirs))

    assert recent(acme) == []


def test_what_happened_lately_takes_as_many_queries_for_many(acme, far, scope):
    stage = make_stage(far)
    for _ in range(12):
        move(make_export(far, state="sent"), stage)

    with CaptureQueriesContext(connection) as counted:
        assert len(queries.recent_changes(acme)) == 5

    assert len(counted) == 4


def test_stages_are_counted_by_people_and_without_those_who_erased_their_data(acme, far, scope):
    stage = make_stage(far, "Interview", external_id="interview")
    kim = make_candidate("Kim", is_discoverable=True)
    move(make_export(far, kim, make_posting(far), state="sent"), stage)
    move(make_export(far, kim, make_posting(far), state="sent"), stage)
    move(make_export(far, make_candidate(erased_at=timezone.now()), state="sent"), stage)

    with CaptureQueriesContext(connection) as counted:
        choices = queries.stage_choices(acme)

    assert choices == [
        ("stage:lead-new", "New lead", 0),
        ("stage:lead-replied", "Responded", 0),
        ("stage:interview", "Interview", 1),
        ("hired", "Hired", 0),
        ("archived", "Archived", 0),
    ]
    assert len(counted) == 5


def test_without_a_connection_there_is_no_stage_to_choose(acme, scope):
    assert queries.stage_choices(acme) == []
