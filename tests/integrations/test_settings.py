"""What a company chooses for its connection: automatic sending, notes, who acts, where general leads go."""

import pytest

from integrations import actions, queries
from integrations.models import Activity, CandidateExport, Connection, PostingLink
from purposejobs.tenancy import company_scope
from tests.factories import make_application, make_candidate
from tests.integrations.rows import make_account_user, make_connection, make_export, make_link, make_posting

pytestmark = pytest.mark.django_db


@pytest.fixture
def far(acme, alice):
    return make_connection(acme, connected_by=alice)


@pytest.fixture
def link(far):
    return make_link(make_posting(far, "Cook"))


def change(connection, by, **wish):
    with company_scope(connection.company):
        return actions.change_settings(connection=connection, changed_by=by, **wish)


def fresh(connection):
    with company_scope(connection.company_id):
        return Connection.objects.get(pk=connection.pk)


def changes_of(company):
    with company_scope(company):
        return [
            (row.actor_id, row.job_id, row.detail) for row in Activity.objects.filter(verb="changed").order_by("pk")
        ]


def apply(link):
    application = make_application(link.job)
    with company_scope(link.company):
        actions.request_exports(application=application)
        return CandidateExport.objects.filter(candidate=application.candidate).exists()


def set_job(link, value, by):
    with company_scope(link.company):
        return actions.set_job_exports(company=link.company, job=link.job, exports_automatically=value, changed_by=by)


def test_each_change_is_remembered_once_and_in_words(far, alice):
    rosa = make_account_user(far, "Rosa Diaz")
    posting = make_posting(far, "Talent pool")

    words = change(
        far,
        alice,
        exports_automatically=False,
        sends_notes=False,
        acting_user_id=rosa.external_id,
        lead_posting_pk=posting.pk,
    )

    expected = [
        "Automatic sending turned off",
        "Notes are no longer sent",
        "Acting user: Rosa Diaz",
        "Without a job: Talent pool",
    ]
    assert words == expected
    assert changes_of(far.company) == [(alice.pk, None, detail) for detail in expected]
    now = fresh(far)
    assert (now.exports_automatically, now.sends_notes) == (False, False)
    assert (now.acting_user_id, now.lead_posting_id) == (rosa.external_id, posting.pk)


def test_nothing_new_writes_nothing(far, alice):
    before = fresh(far).__dict__ | {"_state": None}

    words = change(far, alice, exports_automatically=True, sends_notes=True, acting_user_id="", lead_posting_pk=None)

    assert words == []
    assert changes_of(far.company) == []
    assert fresh(far).__dict__ | {"_state": None} == before


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"is_open": False, "state": "Closed"}, "posting_closed"), ({"gone_at": "2026-01-01T00:00Z"}, "posting_gone")],
    ids=["closed", "gone"],
)
def test_a_posting_that_takes_nobody_is_no_place_for_leads(far, alice, fields, code):
    posting = make_posting(far, **fields)

    with pytest.raises(actions.Refused) as refusal:
        change(far, alice, lead_posting_pk=posting.pk)

    assert refusal.value.code == code
    assert fresh(far).lead_posting_id is None


def test_another_companys_posting_and_user_cannot_be_chosen(far, alice, globex):
    theirs = make_connection(globex)

    for wish in (
        {"lead_posting_pk": make_posting(theirs).pk},
        {"acting_user_id": make_account_user(theirs).external_id},
    ):
        with pytest.raises(actions.Refused):
            change(far, alice, **wish)

    assert (fresh(far).lead_posting_id, fresh(far).acting_user_id) == (None, "")


def test_somebody_deactivated_cannot_be_chosen(far, alice):
    gone = make_account_user(far, is_active=False)

    with pytest.raises(actions.Refused, match="acting_user_gone"):
        change(far, alice, acting_user_id=gone.external_id)


@pytest.mark.parametrize(
    ("company_says", "job_says", "goes"),
    [
        (True, None, True),
        (False, None, False),
        (False, True, True),
        (True, False, False),
    ],
)
def test_applicants_go_by_themselves_as_the_job_says_else_the_company(far, link, alice, company_says, job_says, goes):
    change(far, alice, exports_automatically=company_says)
    set_job(link, job_says, alice)

    assert apply(link) is goes


def test_switched_off_who_waits_still_goes_and_people_still_send(far, link, alice):
    waiting = make_export(far, posting=link.posting)
    change(far, alice, exports_automatically=False)
    candidate = make_candidate(is_discoverable=True)

    with company_scope(far.company):
        sent = actions.send_candidates(company=far.company, candidates=[candidate], job=link.job, requested_by=alice)
        assert CandidateExport.objects.get(pk=waiting.pk).state == "waiting"

    assert sent[0].state == "waiting"


def test_who_applied_while_it_was_off_can_be_sent_together(far, link, alice):
    change(far, alice, exports_automatically=False)
    apply(link)
    change(far, alice, exports_automatically=True)

    with company_scope(far.company):
        assert queries.left_out_applicants(far).count() == 1
        assert actions.back_fill(connection=far, requested_by=alice) == 1
        assert CandidateExport.objects.get().reason == "back_fill"
        assert queries.left_out_applicants(far).count() == 0


def test_connecting_a_job_can_still_send_its_applicants(far, alice):
    change(far, alice, exports_automatically=False)
    posting = make_posting(far, "Baker")
    application = make_application(make_link(make_posting(far)).job)

    with company_scope(far.company):
        actions.link_job(
            company=far.company, job=application.job, posting_pk=posting.pk, linked_by=alice, send_existing=True
        )
        assert CandidateExport.objects.get().posting_id == posting.pk


def test_a_jobs_exception_is_remembered_with_the_job(link, alice):
    assert set_job(link, False, alice) is True
    assert set_job(link, False, alice) is False
    assert set_job(link, None, alice) is True

    assert changes_of(link.company) == [
        (alice.pk, link.job_id, "Automatic sending off"),
        (alice.pk, link.job_id, "Automatic sending as in the settings"),
    ]


def test_a_job_that_is_not_connected_has_no_exception(acme, alice, far, make):
    job = make.make_job(acme)

    with company_scope(acme), pytest.raises(actions.Refused, match="job_not_linked"):
        actions.set_job_exports(company=acme, job=job, exports_automatically=False, changed_by=alice)


def test_another_companys_job_has_no_exception_of_ours(acme, alice, far, globex):
    theirs = make_link(make_posting(make_connection(globex)))

    with company_scope(acme), pytest.raises(actions.Refused, match="job_not_linked"):
        actions.set_job_exports(company=acme, job=theirs.job, exports_automatically=False, changed_by=alice)

    with company_scope(globex):
        assert PostingLink.objects.get().exports_automatically is None


# -- Where general leads go -----------------------------------------------------------------------------------------


def send_without_job(connection, by):
    with company_scope(connection.company):
        candidate = make_candidate(is_discoverable=True)
        return actions.send_candidates(company=connection.company, candidates=[candidate], job=None, requested_by=by)[0]


def test_without_a_job_people_go_to_the_chosen_posting(far, alice):
    posting = make_posting(far, "Talent pool")
    change(far, alice, lead_posting_pk=posting.pk)

    assert send_without_job(far, alice).posting_id == posting.pk
    with company_scope(far.company):
        assert str(queries.lead_posting(far.company)) == "Talent pool"


def test_while_the_chosen_posting_takes_nobody_they_are_general_leads(far, alice):
    posting = make_posting(far, "Talent pool")
    change(far, alice, lead_posting_pk=posting.pk)
    with company_scope(far.company):
        type(posting).objects.update(is_open=False)

    assert send_without_job(far, alice).posting_id is None
    with company_scope(far.company):
        assert queries.lead_posting(far.company) is None


# -- Notes ----------------------------------------------------------------------------------------------------------


@pytest.mark.real_http
@pytest.mark.parametrize(("sends_notes", "notes"), [(True, [["I read your report."]]), (False, [])], ids=["on", "off"])
def test_a_note_travels_only_when_notes_are_sent(connection, linked_job, acme, alice, ats, sends_notes, notes):
    from tests.integrations.connected import RESUME, drain
    from tests.integrations.connected import apply as apply_through

    change(connection, alice, sends_notes=sends_notes)
    email = "kim.reads@example.net"
    apply_through(linked_job, note="I read your report.", phone="+49 40 5550 100", email=email, resume=RESUME)
    drain(fresh(connection))

    with company_scope(acme):
        export = CandidateExport.objects.get()
    assert (export.state, export.follow_up) == ("sent", "done")
    (opportunity,) = ats.opportunities(email=email)
    assert [note["values"] for note in opportunity["notes"]] == notes
    assert [phone["value"] for phone in opportunity["phones"]] == ["+49 40 5550 100"]
