"""The panel on the candidate: what the ATS knows of them, kept fresh while somebody looks."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations import queries
from integrations.models import CandidateExport, StageChange
from purposejobs.tenancy import company_scope
from tests.counting import queries_of
from tests.factories import hide_from, make_application, make_candidate, make_job
from tests.integrations.rows import (
    end,
    make_account_user,
    make_change,
    make_connection,
    make_export,
    make_posting,
    make_reason,
    make_stage,
    move,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def far(acme):
    return make_connection(acme)


@pytest.fixture
def kim():
    return make_candidate("Kim Park", is_discoverable=True)


@pytest.fixture
def sent(far, kim):
    return make_export(far, kim, make_posting(far, "Community Organizer"), state="sent", sent_at=NOON)


@pytest.fixture
def bobs(client, bob):
    client.force_login(bob)
    return client


def panel_of(export):
    with company_scope(export.company_id):
        return queries.candidate_panel(export.company, export.candidate_id)


def read(client, export, query=""):
    return client.get(f"/c/acme/candidates/{export.candidate_id}/panel/{query}")


def text_of(client, export):
    return " ".join(read(client, export).content.decode().split())


# -- What it says ----------------------------------------------------------------------------------------------------


def test_panel_says_where_since_when_for_whom_and_by_whom(bobs, bob, far, sent):
    rosa = make_account_user(far)
    interview = make_stage(far, "Phone interview")
    move(sent, interview, happened_at=NOON)
    with company_scope(far.company):
        CandidateExport.objects.filter(pk=sent.pk).update(
            requested_by=bob, owner_id=rosa.external_id, origin="sourced", tags=["Purpose Jobs"], checked_at=NOON
        )

    text = text_of(bobs, sent)

    assert "<strong>Phone interview</strong>" in text
    for words in ("In Lever", "Community Organizer", "Rosa Lindqvist", "Sourced", "Purpose Jobs", f"by {bob}"):
        assert words in text
    assert "View in Lever" in text
    assert text.count('datetime="2026-03-03T12:00:00+00:00"') == 4  # stage, sent, checked, and the move


def test_who_went_by_applying_was_sent_by_nobody(bobs, sent):
    assert "by itself" in text_of(bobs, sent)


def test_archived_shows_its_reason_and_the_last_stage(bobs, far, sent):
    move(sent, make_stage(far, "Interview"))
    end(sent, make_reason(far, "Underqualified"))

    text = text_of(bobs, sent)

    assert "<strong>Archived: Underqualified</strong>" in text
    assert "<dt>Last stage</dt><dd>Interview</dd>" in text


@pytest.mark.parametrize(
    ("at", "words"),
    [(NOON.replace(year=2024), "Hired on 3 March 2024"), (NOON.replace(year=timezone.now().year), "Hired on 3 March")],
    ids=["another year", "this year"],
)
def test_hired_shows_its_date(bobs, far, sent, at, words):
    end(sent, make_reason(far, "Hired", is_hire=True), happened_at=at)

    assert f"<strong>{words}</strong>" in text_of(bobs, sent)


def test_archived_for_a_reason_nobody_knows_is_archived(far, sent):
    end(sent, make_reason(far, "Underqualified"))
    sent.archive_reason_id = "unknown"
    with company_scope(far.company):
        sent.save(update_fields=["archive_reason_id"])

    assert panel_of(sent).rows[0].mark.outcome_word == "Archived"


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (
            "deleted_there_at",
            "Somebody deleted the profile in Lever. What you have here stays, and it is not sent again by itself.",
        ),
        ("anonymised_there_at", "Somebody removed the person&#x27;s details in Lever"),
    ],
    ids=["deleted", "anonymised"],
)
def test_what_is_gone_there_says_what_stays_here(bobs, far, sent, field, words):
    with company_scope(far.company):
        CandidateExport.objects.filter(pk=sent.pk).update(**{field: NOON})

    assert words in text_of(bobs, sent)


def test_a_deleted_one_has_no_link_no_stage_and_can_be_sent_again(bobs, far, sent):
    with company_scope(far.company):
        CandidateExport.objects.filter(pk=sent.pk).update(deleted_there_at=NOON)

    text = text_of(bobs, sent)

    assert "Deleted in Lever" in text
    assert "Send again" in text
    assert "View in Lever" not in text
    assert "New lead" not in text
    assert "Refresh" not in text


def test_history_has_every_move_newest_first(far, sent):
    interview, offer = make_stage(far, "Interview"), make_stage(far, "Offer")
    move(sent, interview, happened_at=NOON)
    move(sent, offer, happened_at=NOON + timedelta(days=1))
    end(sent, make_reason(far, "Position filled"), happened_at=NOON + timedelta(days=2))
    make_change(sent, "reopened", happened_at=NOON + timedelta(days=3))
    make_change(sent, "moved", stage_id="who-knows", happened_at=NOON + timedelta(days=4))

    assert [change.word for change in panel_of(sent).rows[0].history] == [
        "Moved to another stage",
        "Reopened",
        "Archived: Position filled",
        "Moved to Offer",
        "Moved to Interview",
    ]


def test_several_exports_are_newest_first_and_the_others_folded(bobs, far, kim, sent):
    make_export(far, kim, make_posting(far, "Earlier"), state="sent", requested_at=NOON)

    text = text_of(bobs, sent)

    assert [row.mark.posting_title for row in panel_of(sent).rows] == ["Community Organizer", "Earlier"]
    assert ">1 earlier sending</summary>" in text


def test_who_was_never_sent_has_an_empty_panel(bobs, acme, far, kim):
    text = bobs.get(f"/c/acme/candidates/{kim.pk}/panel/").content.decode()

    assert "Not sent yet." in text
    assert "data-look" not in text


def test_after_a_disconnection_it_says_that_this_is_how_it_stood(bobs, acme):
    export = make_export(
        make_connection(acme, state="disconnected"), make_candidate(is_discoverable=True), state="sent"
    )

    text = text_of(bobs, export)

    assert "Lever was disconnected, so this is how it stood then." in text
    assert "Refresh" not in text
    assert "data-look" not in text


# -- Kept fresh ------------------------------------------------------------------------------------------------------


def test_a_page_that_has_seen_it_is_told_nothing(bobs, far, sent):
    version = panel_of(sent).version

    answer = read(bobs, sent, f"?seen={version}")

    assert (answer.status_code, answer.content) == (204, b"")


CHANGES = {
    "a move": {"stage_id": "lead-replied"},
    "an archive": {"archived_at": NOON},
    "a hire": {"hired_at": NOON},
    "a deletion": {"deleted_there_at": NOON},
    "an anonymisation": {"anonymised_there_at": NOON},
    "a new owner": {"owner_id": "somebody"},
    "a tag": {"tags": ["New"]},
    "a look": {"checked_at": NOON},
    "a failed follow-up": {"follow_up": "failed"},
    "somebody who asked": {"read_due_at": timezone.now() + timedelta(days=1), "read_because": "refresh"},
}


@pytest.mark.parametrize("fields", CHANGES.values(), ids=CHANGES)
def test_a_change_is_shown_to_a_page_that_looks_again(bobs, far, sent, fields):
    version = panel_of(sent).version
    with company_scope(far.company):
        CandidateExport.objects.filter(pk=sent.pk).update(**fields)

    answer = read(bobs, sent, f"?seen={version}")

    assert answer.status_code == 200
    assert f"moved-{sent.candidate_id}" in answer["HX-Trigger"]
    assert panel_of(sent).version in answer.content.decode()


def test_a_row_of_history_is_a_change_too(far, sent):
    version = panel_of(sent).version
    change = make_change(sent, "moved", stage_id="new")
    moved = panel_of(sent).version
    with company_scope(far.company):
        StageChange.objects.filter(pk=change.pk).update(stage_name="Named later")

    assert len({version, moved, panel_of(sent).version}) == 3


def test_a_page_that_has_seen_it_costs_one_query_of_integrations(client, bobs, sent):
    url = f"/c/acme/candidates/{sent.candidate_id}/panel/?seen={panel_of(sent).version}"
    client.get(url)

    with CaptureQueriesContext(connection) as counted:
        assert client.get(url).status_code == 204

    assert sum("integrations_" in query["sql"] for query in counted) == 1


@pytest.mark.parametrize(
    ("state", "fields", "seconds"),
    [
        ("sent", {}, 1.5),
        ("sending", {}, 1.5),
        ("waiting", {"tries": 3, "next_attempt_at": timezone.now() + timedelta(days=1)}, 10),
        ("failed", {"failure_code": "bad_request"}, 0),
        ("cancelled", {"cancelled_reason": "dismissed"}, 0),
    ],
    ids=["sent", "sending", "waiting for long", "failed", "cancelled"],
)
def test_a_page_asks_again_only_while_something_may_come(far, kim, state, fields, seconds):
    assert panel_of(make_export(far, kim, state=state, **fields)).look_seconds == seconds


# -- Refresh ---------------------------------------------------------------------------------------------------------


def test_refresh_asks_and_the_panel_says_so(bobs, far, sent):
    answer = bobs.post(f"/c/acme/candidates/{sent.candidate_id}/refresh/", headers={"HX-Request": "true"})

    text = answer.content.decode()
    assert "Checking" in text
    assert "data-look" in text
    with company_scope(far.company):
        assert CandidateExport.objects.get(pk=sent.pk).read_due_at <= timezone.now()


def test_without_javascript_refresh_leads_back_to_the_candidate(bobs, sent):
    answer = bobs.post(f"/c/acme/candidates/{sent.candidate_id}/refresh/", follow=True)

    assert answer.redirect_chain == [(f"/c/acme/candidates/{sent.candidate_id}/", 302)]
    assert "Asking Lever how it stands." in answer.content.decode()


@pytest.mark.parametrize(
    ("minutes", "tries"), [(-2, 0), (2, 1)], ids=["nobody looked for long", "the ATS could not be asked"]
)
def test_a_refresh_that_nobody_answers_says_so(bobs, far, sent, minutes, tries):
    with company_scope(far.company):
        due = timezone.now() + timedelta(minutes=minutes)
        CandidateExport.objects.filter(pk=sent.pk).update(read_due_at=due, read_because="refresh", read_tries=tries)

    assert "Lever has not answered yet. It is asked again by itself." in text_of(bobs, sent)


def test_what_is_read_again_by_itself_is_not_announced(bobs, far, sent):
    with company_scope(far.company):
        CandidateExport.objects.filter(pk=sent.pk).update(read_due_at=NOON, read_because="catch_up")

    assert "Checking" not in text_of(bobs, sent)


def test_refresh_is_no_link(bobs, sent):
    assert bobs.get(f"/c/acme/candidates/{sent.candidate_id}/refresh/").status_code == 405


# -- Whose it is -----------------------------------------------------------------------------------------------------


def test_another_companys_rows_are_not_in_it(bobs, acme, far, globex, kim, sent):
    theirs = make_export(make_connection(globex), kim, state="sent")
    make_change(theirs, "moved", stage_name="Their stage")

    assert len(panel_of(sent).rows) == 1
    assert "Their stage" not in text_of(bobs, sent)


@pytest.mark.parametrize("part", ["panel", "timeline"])
def test_who_hides_or_erased_is_not_found(bobs, far, kim, part):
    url = f"/c/acme/candidates/{kim.pk}/{part}/"
    assert bobs.get(url).status_code == 200
    hide_from(kim, far.company)

    assert bobs.get(url).status_code == 404


def test_try_again_in_the_panel_answers_with_the_panel(bobs, far, kim):
    export = make_export(far, kim, state="failed", failure_code="bad_request")

    answer = bobs.post(f"/c/acme/exports/{export.pk}/retry/?in=panel", headers={"HX-Request": "true"})

    assert f'id="candidate-panel-{kim.pk}"' in answer.content.decode()
    assert "Waiting" in answer.content.decode()


def test_the_page_asks_as_many_queries_for_many_exports_and_moves_as_for_one(client, bobs, acme, far):
    application = make_application(make_job(acme), make_candidate("Kim Park"))
    stage, url = make_stage(far), f"/c/acme/candidates/{application.candidate_id}/"
    move(make_export(far, application.candidate, make_posting(far), state="sent", owner_id="x"), stage)
    few = queries_of(client, url)
    for _ in range(5):
        export = make_export(far, application.candidate, make_posting(far), state="sent", owner_id="x")
        move(export, stage)
        make_change(export, "reopened")

    assert queries_of(client, url) == few
