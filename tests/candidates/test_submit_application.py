"""An application and what it sets off: together or not at all, and quick whoever is away."""

import time

import pytest
from django.core import mail
from django.core.files.storage import default_storage
from django.db import DataError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from candidates import actions
from candidates.models import Application, Candidate
from integrations.actions import send_candidates
from integrations.models import CandidateExport, Connection, Posting, PostingLink
from purposejobs.tenancy import company_scope


@pytest.fixture
def linked(acme, job):
    """Connect the job with a posting."""
    with company_scope(acme):
        ats = Connection.objects.create(company=acme, provider="lever", environment="emulator")
        posting = Posting.objects.create(
            company=acme,
            connection=ats,
            external_id="p-1",
            title="Organizer",
            state="Published",
            is_open=True,
            seen_at=timezone.now(),
        )
        PostingLink.objects.create(company=acme, connection=ats, job=job, posting=posting)
    return posting


def exports(acme):
    with company_scope(acme):
        return list(CandidateExport.objects.values_list("state", "reason", "posting"))


def test_an_applicant_to_a_connected_job_is_in_line_for_the_ats(send, linked, acme):
    send()
    assert exports(acme) == [("waiting", "applied", linked.pk)]


def test_applying_twice_is_in_line_once(send, linked, acme):
    send()
    send()
    assert exports(acme) == [("waiting", "applied", linked.pk)]


def test_withdrawing_takes_the_applicant_out_of_line(send, client, linked, acme):
    send()
    link = next(word for word in mail.outbox[0].body.split() if "/applications/" in word)
    client.post("/applications/" + link.split("/applications/")[1] + "withdraw/")
    assert exports(acme) == [("cancelled", "applied", linked.pk)]


def test_hiding_keeps_what_was_applied_for_in_line(send, client, linked, acme):
    send()
    link = next(word for word in mail.outbox[0].body.split() if "/applications/" in word)
    client.post("/applications/" + link.split("/applications/")[1] + "hide/", {"company": acme.pk})
    assert exports(acme) == [("waiting", "applied", linked.pk)]


def test_hiding_takes_whom_a_recruiter_sent_out_of_line(make, linked, acme, bob):
    candidate = make.make_candidate(is_discoverable=True)
    with company_scope(acme):
        send_candidates(company=acme, candidates=[candidate], job=None, requested_by=bob)
    assert exports(acme) == [("waiting", "sent", None)]
    actions.hide_from_company(candidate=candidate, company_pk=acme.pk)
    assert exports(acme) == [("cancelled", "sent", None)]


def test_what_cannot_be_saved_leaves_nothing_behind(client, job, acme, typed, tmp_path, settings, monkeypatch):
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(actions, "CONSENT_VERSION", "longer than the column of the database")
    with pytest.raises(DataError), transaction.atomic():
        client.post(reverse("apply", args=["acme", job.pk]), typed())
    assert not Candidate.objects.exists()
    assert list(tmp_path.rglob("*.pdf")) == []
    assert mail.outbox == []


def test_applying_answers_at_once_while_redis_is_away(send, linked, acme, settings):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:9/0"}}
    started = time.monotonic()
    assert send().status_code == 302
    assert time.monotonic() - started < 3
    assert exports(acme) == [("waiting", "applied", linked.pk)]


def test_a_dead_mail_server_costs_nothing_but_the_email(send, acme, settings, caplog):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    assert send().status_code == 302
    with company_scope(acme):
        assert Application.objects.count() == 1
    assert "was not sent: ConnectionRefusedError" in caplog.text
    assert "kim@example.net" not in caplog.text


def test_a_second_application_in_the_same_moment_is_the_same_person(send, make, acme):
    make.make_candidate("Kim Park", "kim@example.net")
    send(email="KIM@EXAMPLE.NET")
    assert Candidate.objects.count() == 1


def test_consent_is_kept_with_its_version(send, acme):
    send()
    with company_scope(acme):
        assert Application.objects.get().consent_version == actions.CONSENT_VERSION


def test_finding_a_person_by_address_uses_the_index(db):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT id FROM candidates_candidate WHERE lower(email) = 'a@b.c' AND NOT email = ''")
        assert "candidates_one_per_email" in str(cursor.fetchall())


def test_files_have_names_that_say_nothing(send, acme):
    send()
    with company_scope(acme):
        path = Application.objects.get().resume.name
    assert default_storage.exists(path)
    assert path.startswith("resumes/")
    assert "kim" not in path.lower()
