"""Sending one candidate by hand: what the confirmation says, and what a click does."""

import pytest

from integrations.models import CandidateExport
from purposejobs.tenancy import company_scope
from tests.factories import hide_from, make_application, make_candidate, make_job
from tests.integrations.rows import make_connection, make_export, make_link, make_posting

pytestmark = pytest.mark.django_db


@pytest.fixture
def far(acme):
    return make_connection(acme)


@pytest.fixture
def link(far):
    return make_link(make_posting(far, "Backend Engineer", location="Hamburg"))


@pytest.fixture
def maya(db):
    return make_candidate("Maya Fields", "maya@example.net", is_discoverable=True, phone="+49 40 1", headline="Lead")


@pytest.fixture
def signed_in(client, bob):
    client.force_login(bob)
    return client


def address(candidate, company="acme"):
    return f"/c/{company}/candidates/{candidate.pk}/send/"


def exports(company):
    with company_scope(company):
        return list(CandidateExport.objects.values_list("candidate_id", "posting_id", "state", "reason"))


def confirmation(client, candidate, **asked):
    response = client.get(address(candidate), asked)
    assert response.status_code == 200
    return response


def test_confirmation_names_posting_and_stage_and_what_leaves(signed_in, link, maya):
    make_application(link.job, maya, note="I like your queues.", links=["https://example.com/maya"])

    text = confirmation(signed_in, maya).content.decode()

    for part in ("Backend Engineer, Hamburg", "Stage New lead", "maya@example.net", "+49 40 1", "I like your queues."):
        assert part in text
    assert "https://example.com/maya" in text
    assert "The real address: Lever recognises people by it." in text


def test_the_job_applied_to_is_preselected(signed_in, far, link, maya):
    make_link(make_posting(far, "Other"))
    make_application(link.job, maya)

    assert confirmation(signed_in, maya).context["chosen"] == link


def test_without_an_application_no_posting_is_preselected(signed_in, link, maya):
    response = confirmation(signed_in, maya)

    assert response.context["chosen"] is None
    assert "From the profile." in response.content.decode()


def test_another_job_can_be_chosen(signed_in, far, link, maya):
    other = make_link(make_posting(far, "Other"))
    make_application(link.job, maya)

    assert confirmation(signed_in, maya, job=other.job_id).context["chosen"] == other
    assert confirmation(signed_in, maya, job="").context["chosen"] is None


def test_what_leaves_is_the_application_to_that_posting_else_the_latest(signed_in, far, acme, link, maya):
    older = make_application(link.job, maya, phone="+1 older")
    latest = make_application(make_job(acme, "Unconnected"), maya, phone="+1 latest")

    assert confirmation(signed_in, maya, job=link.job_id).context["source"] == older
    assert confirmation(signed_in, maya, job="").context["source"] == latest


@pytest.mark.parametrize(("confirmed", "is_marked"), [(None, True), ("2026-01-01T00:00Z", False)], ids=["no", "yes"])
def test_unconfirmed_address_is_marked(signed_in, link, maya, confirmed, is_marked):
    make_application(link.job, maya, email_confirmed_at=confirmed)

    assert ("Not confirmed" in confirmation(signed_in, maya).content.decode()) is is_marked


def test_job_whose_posting_is_closed_stays_and_says_so(signed_in, far, maya):
    make_link(make_posting(far, "Office Manager", is_open=False, state="Closed"))

    text = confirmation(signed_in, maya).content.decode()

    assert "disabled>Office Manager · closed in Lever" in text


def test_sending_puts_the_candidate_in_line_once_for_two_clicks(signed_in, acme, link, maya):
    for _ in range(2):
        response = signed_in.post(address(maya), {"job": link.job_id})

    assert response.url == f"/c/acme/candidates/{maya.pk}/"
    assert exports(acme) == [(maya.pk, link.posting_id, "waiting", "sent")]


def test_sending_without_a_posting(signed_in, acme, link, maya):
    signed_in.post(address(maya), {"job": ""})

    assert exports(acme) == [(maya.pk, None, "waiting", "sent")]


def test_htmx_answer_empties_the_dialog_and_tells_the_marks(signed_in, link, maya):
    response = signed_in.post(address(maya), {"job": link.job_id}, headers={"HX-Request": "true"})
    text = response.content.decode()

    assert response["HX-Trigger"] == f'{{"sent-{maya.pk}": {{}}}}'
    assert text.strip().startswith('<div class="toasts" id="messages" role="status" aria-live="polite" hx-swap-oob')
    assert "Maya Fields is on the way to Lever." in text
    assert "<html" not in text


def test_who_is_there_already_is_not_offered_again(signed_in, far, link, maya):
    make_export(far, maya, link.posting, state="sent")

    text = confirmation(signed_in, maya, job=link.job_id).content.decode()

    assert "Already in Lever" in text
    assert "View in Lever" in text
    assert 'type="submit"' not in text.split("export-confirm", 1)[1]


def test_who_was_deleted_there_can_be_sent_again(signed_in, acme, far, link, maya):
    export = make_export(far, maya, link.posting, state="sent", deleted_there_at="2026-01-01T00:00Z")

    assert confirmation(signed_in, maya, job=link.job_id).context["already"] is None
    signed_in.post(address(maya), {"job": link.job_id})

    with company_scope(acme):
        assert CandidateExport.objects.get().pk == export.pk
        assert CandidateExport.objects.get().state == "waiting"


@pytest.mark.usefixtures("one_ats")
def test_without_a_connection_it_says_why_and_sends_nothing(signed_in, acme, maya):
    text = confirmation(signed_in, maya).content.decode()
    response = signed_in.post(address(maya), {"job": ""})

    assert "Lever is not connected. An admin can connect it under Account Settings → Integrations." in text
    assert response.status_code == 200
    assert exports(acme) == []


def test_while_the_connection_is_lost_sending_waits_and_says_so(signed_in, acme, maya):
    make_connection(acme, state="needs_reconnect")

    text = confirmation(signed_in, maya).content.decode()
    signed_in.post(address(maya), {"job": ""})

    assert "Lever must be reconnected. What you send waits, and goes out by itself." in text
    assert exports(acme) == [(maya.pk, None, "waiting", "sent")]


@pytest.mark.parametrize("what", ["closed", "unlinked", "foreign", "nonsense"])
def test_a_job_that_cannot_be_sent_to_is_refused_at_the_field(signed_in, acme, far, globex, link, maya, what):
    choice = {
        "closed": make_link(make_posting(far, "Shut", is_open=False, state="Closed")).job_id,
        "unlinked": make_job(acme, "Unlinked").pk,
        "foreign": make_link(make_posting(make_connection(globex), "Theirs")).job_id,
        "nonsense": "x",
    }[what]

    response = signed_in.post(address(maya), {"job": choice})

    assert response.status_code == 200
    assert "This job is not connected any more." in response.content.decode()
    assert exports(acme) == []
    assert exports(globex) == []


def test_candidate_who_hides_from_the_company_is_not_found(signed_in, acme, link, maya):
    hide_from(maya, acme)

    assert signed_in.get(address(maya)).status_code == 404
    assert signed_in.post(address(maya), {"job": link.job_id}).status_code == 404
    assert exports(acme) == []


def test_stranger_sends_nothing(client, mallory, acme, link, maya):
    client.force_login(mallory)

    assert client.get(address(maya)).status_code == 404
    assert client.post(address(maya), {"job": link.job_id}).status_code == 404
    assert exports(acme) == []


def choose(far, **fields):
    with company_scope(far.company):
        type(far).objects.filter(pk=far.pk).update(**fields)


def test_without_a_job_the_posting_of_the_settings_is_named_and_used(signed_in, acme, far, maya):
    pool = make_posting(far, "Talent pool", location="Remote")
    choose(far, lead_posting=pool)

    text = confirmation(signed_in, maya).content.decode()
    signed_in.post(address(maya), {"job": ""})

    assert "Talent pool, Remote" in text
    assert "Without a job: Talent pool" in text
    assert exports(acme) == [(maya.pk, pool.pk, "waiting", "sent")]


def test_who_is_at_the_posting_of_the_settings_already_is_said_so(signed_in, far, maya):
    pool = make_posting(far, "Talent pool")
    choose(far, lead_posting=pool)
    make_export(far, maya, pool, state="sent")

    assert "Already in Lever" in confirmation(signed_in, maya).content.decode()


def test_a_note_that_stays_is_said_so(signed_in, far, link, maya):
    make_application(link.job, maya, note="I like your queues.")
    choose(far, sends_notes=False)

    text = confirmation(signed_in, maya).content.decode()

    assert "I like your queues." not in text
    assert "Stays here: notes are switched off in the settings." in text
