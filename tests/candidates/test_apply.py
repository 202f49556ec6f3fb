"""The public form of an open job, as it is stored."""

import pytest
from django.core import mail
from django.urls import reverse

from candidates.models import Application, Candidate
from jobs.models import Job
from purposejobs.tenancy import company_scope
from tests.candidates import files


def test_form_names_the_company_whose_ats_receives_the_application(client, job):
    page = client.get(reverse("apply", args=["acme", job.pk])).content.decode()
    assert "give this application to <strong>Acme</strong>" in page
    assert "applicant-tracking system" in page


def test_application_is_stored_as_it_was_typed(send, acme, job):
    response = send()
    assert response.status_code == 302
    assert response.url == reverse("apply_thanks", args=["acme", job.pk])
    with company_scope(acme):
        application = Application.objects.get()
        assert (application.name, application.email, application.phone) == (
            "Kim Park",
            "kim@example.net",
            "+49 30 1234567",
        )
        assert application.links == ["https://kim.example", "https://linkedin.example/in/kim"]
        assert application.note == "I live around the corner."
        assert application.consent_version == "2026-11"
        assert application.email_confirmed_at is None
        assert (application.resume_name, application.resume_type, application.resume_size) == (
            "kim-park.pdf",
            "application/pdf",
            len(files.PDF),
        )
        assert application.resume.read() == files.PDF
        assert "kim" not in application.resume.name


def test_applicant_becomes_a_candidate_known_by_email(send, acme):
    send(email="Kim@Example.net")
    candidate = Candidate.objects.get()
    assert (candidate.email, candidate.name, candidate.is_discoverable) == ("kim@example.net", "Kim Park", False)
    with company_scope(acme):
        application = Application.objects.get()
        assert (application.email, application.candidate_id) == ("Kim@Example.net", candidate.pk)


def test_somebody_elses_address_never_changes_their_profile(send, make, acme):
    known = make.make_candidate("Kim Park", "kim@example.net", phone="1", headline="Director", summary="Mine")
    before = Candidate.objects.values().get(pk=known.pk)
    send(name="Somebody Else", email="KIM@example.net", phone="+1 555 0100", headline="Impostor")
    assert Candidate.objects.values().get() == before
    with company_scope(acme):
        assert Application.objects.values_list("name", "candidate").get() == ("Somebody Else", known.pk)


def test_thanks_come_by_email_with_a_link_that_names_nobody(send):
    send()
    (message,) = mail.outbox
    assert message.to == ["kim@example.net"]
    assert message.subject == "Thank you for applying: Community Organizer at Acme"
    assert "/applications/" in message.body
    assert "kim" not in message.body.split("/applications/")[1].split()[0].lower()


def test_applying_again_changes_nothing_and_looks_the_same(send, client, acme, job):
    first = send()
    second = send(name="Kim P.", note="Another note", resume=files.upload("new.pdf", files.PDF + b"\n"))
    assert (second.status_code, second.url) == (first.status_code, first.url)
    with company_scope(acme):
        assert Application.objects.values_list("name", "note").get() == ("Kim Park", "I live around the corner.")
    assert [message.subject for message in mail.outbox] == [
        "Thank you for applying: Community Organizer at Acme",
        "Your application stands: Community Organizer at Acme",
    ]


def test_after_a_withdrawal_a_new_application_may_follow(send, acme):
    send()
    with company_scope(acme):
        Application.objects.update(withdrawn_at="2026-01-01T00:00Z")
    send(note="Once more")
    with company_scope(acme):
        assert list(Application.objects.standing().values_list("note", flat=True)) == ["Once more"]
        assert Application.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"name": "  "}, "Write your name.", id="no name"),
        pytest.param({"email": "kim"}, "This is not an e-mail address.", id="no address"),
        pytest.param({"phone": "call me"}, "This does not look like a phone number.", id="words for a phone"),
        pytest.param({"links": "javascript:alert(1)"}, "is not a web address", id="a script for a link"),
        pytest.param({"links": "ftp://kim.example/cv"}, "is not a web address", id="a link of another kind"),
        pytest.param({"links": "\n".join(f"a{n}.example" for n in range(7))}, "Give up to 6 links.", id="seven links"),
        pytest.param({"note": "x" * 5001}, "Ensure this value has at most 5000 characters", id="a book for a note"),
        pytest.param({"name": "Kim\0Park"}, "Null characters are not allowed.", id="a null character"),
    ],
)
def test_bad_input_is_named_and_nothing_is_stored_or_sent(send, acme, changes, message):
    response = send(**changes)
    page = response.content.decode()
    assert response.status_code == 200
    assert message in page
    assert "Choose the file again" in page
    assert 'value="Berlin, Germany"' in page
    assert_nothing_happened(acme)


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        pytest.param(Job.Status.CLOSED, 410, "This job is closed", id="closed"),
        pytest.param(Job.Status.DRAFT, 404, "", id="draft"),
    ],
)
def test_a_job_that_is_not_open_cannot_be_applied_to(client, send, acme, job, status, code, words):
    with company_scope(acme):
        Job.objects.update(status=status)
    for response in (client.get(reverse("apply", args=["acme", job.pk])), send()):
        assert response.status_code == code
        assert words in response.content.decode()
    assert_nothing_happened(acme)


def test_a_job_of_another_company_is_not_found_under_this_one(client, globex, job, typed):
    assert client.post(reverse("apply", args=["globex", job.pk]), typed()).status_code == 404


def test_too_many_applications_from_one_address_wait_and_keep_what_was_typed(client, send, acme, settings):
    settings.APPLY_RATE_LIMITS = {"apply": "1/m/ip"}
    send()
    response = send(email="second@example.net")
    assert response.status_code == 429
    assert "many applications from your network" in response.content.decode()
    assert 'value="second@example.net"' in response.content.decode()
    with company_scope(acme):
        assert Application.objects.count() == 1


def test_thanks_page_says_what_comes_next(client, job):
    page = client.get(reverse("apply_thanks", args=["acme", job.pk])).content.decode()
    assert "Thank you for applying" in page
    assert "confirm your address" in page


def assert_nothing_happened(acme):
    with company_scope(acme):
        assert not Application.objects.exists()
    assert not Candidate.objects.exists()
    assert mail.outbox == []
