"""The settings tab: what goes by itself, in whose name, where to; recruiters read it."""

import pytest
from django.utils import timezone

from integrations.models import Activity, CandidateExport, Connection, PostingLink
from purposejobs.tenancy import company_scope
from tests.factories import make_application, make_job
from tests.integrations.rows import make_account_user, make_connection, make_export, make_link, make_posting

pytestmark = pytest.mark.django_db

PAGE = "/c/acme/settings/integrations/lever/settings/"
JOBS = f"{PAGE}jobs/"


@pytest.fixture
def far(acme, alice):
    return make_connection(acme, connected_by=alice)


def fresh(connection):
    with company_scope(connection.company_id):
        return Connection.objects.get(pk=connection.pk)


def changes_of(company):
    with company_scope(company):
        return list(Activity.objects.filter(verb="changed").order_by("pk").values_list("detail", flat=True))


def page(client, user):
    client.force_login(user)
    response = client.get(PAGE)
    assert response.status_code == 200
    return response.content.decode()


def save(client, user, **wish):
    client.force_login(user)
    choice = {"exports_automatically": "on", "sends_notes": "on", "acting_user_id": "", "lead_posting_pk": ""} | wish
    return client.post(PAGE, {name: value for name, value in choice.items() if value is not None}, follow=True)


def said(response):
    return [str(message) for message in response.context["messages"]]


def test_admin_changes_what_goes_by_itself_and_is_told_what_changed(client, acme, alice, far):
    answer = save(client, alice, exports_automatically=None, sends_notes=None)

    assert (fresh(far).exports_automatically, fresh(far).sends_notes) == (False, False)
    assert said(answer) == ["Saved. Automatic sending turned off; Notes are no longer sent."]
    assert changes_of(acme) == ["Automatic sending turned off", "Notes are no longer sent"]


def test_saving_the_same_changes_nothing(client, acme, alice, far):
    assert said(save(client, alice)) == ["Nothing was changed."]
    assert changes_of(acme) == []


def test_turning_it_on_again_says_who_applied_meanwhile(client, alice, acme):
    far = make_connection(acme, exports_automatically=False)
    make_application(make_link(make_posting(far)).job)

    answer = save(client, alice)

    assert said(answer) == ["Saved. Automatic sending turned on. 1 person applied meanwhile and can be sent."]
    assert "1 applicant of connected jobs is not in Lever." in answer.content.decode()
    with company_scope(acme):
        assert not CandidateExport.objects.exists()


def test_admin_chooses_the_acting_user_and_who_waited_for_one_goes_on(client, alice, far):
    rosa = make_account_user(far)
    export = make_export(far, held_reason="no_acting_user")

    save(client, alice, acting_user_id=rosa.external_id)

    assert fresh(far).acting_user_id == rosa.external_id
    with company_scope(far.company):
        assert CandidateExport.objects.get(pk=export.pk).held_reason == ""


def test_a_user_of_another_account_cannot_be_chosen(client, alice, far, globex):
    theirs = make_account_user(make_connection(globex))

    save(client, alice, acting_user_id=theirs.external_id)

    assert fresh(far).acting_user_id == ""


def test_a_deactivated_user_is_warned_about_and_stays_until_another_is_chosen(client, acme, alice):
    far = make_connection(acme, acting_user_id="old")
    make_account_user(far, "Old Timer", external_id="old", is_active=False)
    make_account_user(far, "Other Gone", external_id="other", is_active=False)

    text = page(client, alice)
    save(client, alice, acting_user_id="old", sends_notes=None)
    save(client, alice, acting_user_id="other")

    assert "<strong>Old Timer</strong> was deactivated in Lever" in text
    assert "Other Gone" not in text
    assert fresh(far).acting_user_id == "old"
    assert changes_of(acme) == ["Notes are no longer sent"]


def test_people_sent_without_a_job_go_to_the_chosen_posting(client, alice, far):
    posting = make_posting(far, "Talent pool")

    answer = save(client, alice, lead_posting_pk=posting.pk)

    assert fresh(far).lead_posting_id == posting.pk
    assert said(answer) == ["Saved. Without a job: Talent pool."]


def test_a_closed_posting_is_shown_but_refused(client, alice, far):
    posting = make_posting(far, "Talent pool", is_open=False, state="Closed")

    text = page(client, alice)
    answer = save(client, alice, lead_posting_pk=posting.pk)

    assert f'<option value="{posting.pk}" data-state="Closed" disabled>' in text
    assert "This posting was closed in Lever, so it takes no candidates." in answer.content.decode()
    assert fresh(far).lead_posting_id is None


def test_a_lead_posting_that_closed_since_is_warned_about(client, acme, alice, far):
    posting = make_posting(far, "Talent pool", gone_at=timezone.now())
    with company_scope(acme):
        Connection.objects.update(lead_posting=posting)

    assert "<strong>Talent pool</strong> takes no candidates any more." in page(client, alice)


def test_another_companys_posting_cannot_be_chosen(client, alice, far, globex):
    save(client, alice, lead_posting_pk=make_posting(make_connection(globex)).pk)

    assert fresh(far).lead_posting_id is None


# -- Exceptions -----------------------------------------------------------------------------------------------------


def test_admin_makes_a_job_an_exception_and_takes_it_back(client, acme, alice, far):
    link = make_link(make_posting(far, "Cook"))
    client.force_login(alice)

    first = client.post(JOBS, {"job": link.job_id, "choice": "off"}, follow=True)
    with company_scope(acme):
        between = PostingLink.objects.get().exports_automatically
    second = client.post(JOBS, {"job": link.job_id, "choice": "settings"}, follow=True)

    assert said(first) == ["Applicants to Cook wait for you to send them."]
    assert between is False
    assert "Let Cook follow the settings" in first.content.decode()
    assert said(second) == ["Applicants to Cook go as the settings say."]
    with company_scope(acme):
        assert PostingLink.objects.get().exports_automatically is None


def test_only_connected_jobs_of_the_company_can_be_an_exception(client, acme, alice, far, globex):
    theirs = make_link(make_posting(make_connection(globex)))
    unconnected = make_job(acme)
    client.force_login(alice)

    for job in (theirs.job_id, unconnected.pk):
        answer = client.post(JOBS, {"job": job, "choice": "off"}, follow=True)
        assert said(answer) == ["Choose a connected job, and what is to happen with its applicants."]

    with company_scope(globex):
        assert PostingLink.objects.get().exports_automatically is None


# -- Who may --------------------------------------------------------------------------------------------------------


def test_recruiter_reads_the_settings_and_who_can_change_them(client, bob, alice, far):
    text = page(client, bob)

    assert "Alice Adams or another admin can change this." in text
    assert "Go by themselves" in text
    assert "<form" not in text.split('id="main"')[1].split("</main>")[0]


@pytest.mark.parametrize("address", [PAGE, JOBS])
def test_recruiter_may_change_nothing(client, acme, bob, far, address):
    link = make_link(make_posting(far))
    before = fresh(far)
    client.force_login(bob)

    assert client.post(address, {"job": link.job_id, "choice": "off"}).status_code == 403
    assert fresh(far).exports_automatically == before.exports_automatically
    with company_scope(acme):
        assert PostingLink.objects.get().exports_automatically is None
    assert changes_of(acme) == []


@pytest.mark.parametrize("address", [PAGE, JOBS])
def test_stranger_finds_nothing(client, mallory, far, address):
    client.force_login(mallory)

    assert client.post(address, {}).status_code == 404
    assert fresh(far).exports_automatically


def test_settings_of_what_is_not_connected_are_not_found(client, alice):
    client.force_login(alice)

    assert client.get(PAGE).status_code == 404
