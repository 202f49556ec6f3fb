"""Erasing a person: our copies everywhere, and nobody else's."""

import pytest
from django.core import mail
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from candidates.actions import erase
from candidates.models import Application, Candidate, HiddenCompany
from integrations.models import CandidateExport, Connection
from purposejobs.tenancy import company_scope


def with_resume(make, job, candidate):
    application = make.make_application(job, candidate, note="Call me on my private number.")
    with company_scope(job.company):
        application.resume.save("cv.pdf", ContentFile(b"%PDF-1.4"), save=False)
        application.save()
    return application


def connect(company, account):
    with company_scope(company):
        return Connection.objects.create(company=company, provider="lever", environment="emulator", account_id=account)


def export(company, candidate, connection, **fields):
    with company_scope(company):
        return CandidateExport.objects.create(
            company=company, connection=connection, candidate=candidate, reason="sent", **fields
        )


@pytest.fixture
def kim(make):
    return make.make_candidate(
        "Kim Park", "kim@example.net", phone="+49 30 1234567", summary="Mine", skills=["Python"], is_discoverable=True
    )


def test_every_text_goes_in_every_company_and_keys_stay(make, kim, acme, globex, job):
    applications = [with_resume(make, job, kim), make.make_application(make.make_job(globex), kim, note="Secret")]
    make.hide_from(kim, make.make_company())
    erase(candidate=kim)
    candidate = Candidate.objects.get(pk=kim.pk)
    assert (candidate.name, candidate.email, candidate.phone, candidate.summary, candidate.skills) == (
        "Erased candidate",
        "",
        "",
        "",
        [],
    )
    assert candidate.erased_at is not None
    assert not candidate.is_discoverable
    assert not HiddenCompany.objects.exists()
    for application, company in zip(applications, (acme, globex), strict=True):
        with company_scope(company):
            row = Application.objects.get(pk=application.pk)
        assert (row.name, row.email, row.phone, row.note, row.resume.name) == ("Erased candidate", "", "", "", "")
        assert not row.is_standing


def test_files_go_only_after_the_commit(make, kim, job, django_capture_on_commit_callbacks):
    path = with_resume(make, job, kim).resume.name
    with django_capture_on_commit_callbacks() as callbacks:
        erase(candidate=kim)
    assert default_storage.exists(path)
    for callback in callbacks:
        callback()
    assert not default_storage.exists(path)


def test_waiting_exports_are_cancelled_and_sent_ones_keep_their_ids(make, kim, acme, globex, job):
    make.make_application(job, kim)
    waiting = export(acme, kim, connect(acme, "acme"))
    sent = export(globex, kim, connect(globex, "globex"), state="sent", external_id="opp-1", sent_at=timezone.now())
    erase(candidate=kim)
    with company_scope(acme):
        row = CandidateExport.objects.get(pk=waiting.pk)
    assert (row.state, row.cancelled_reason) == ("cancelled", "erased")
    with company_scope(globex):
        row = CandidateExport.objects.get(pk=sent.pk)
    assert (row.state, row.external_id) == ("sent", "opp-1")


def test_admins_of_companies_that_exported_are_told_of_their_own_copy(
    make, kim, acme, globex, alice, bob, mallory, job, django_capture_on_commit_callbacks
):
    make.make_application(job, kim)
    make.make_application(make.make_job(globex), kim)
    export(acme, kim, connect(acme, "acme"), state="sent", external_id="opp-1")
    with django_capture_on_commit_callbacks(execute=True):
        erase(candidate=kim)
    (message,) = mail.outbox
    assert message.to == ["alice@acme.example"]
    assert "which may hold its own copy" in message.body


def test_an_erased_person_is_seen_by_nobody(kim, make, acme, job):
    make.make_application(job, kim)
    erase(candidate=kim)
    with company_scope(acme):
        assert not Candidate.objects.visible_to(acme).exists()


def test_somebody_with_the_address_of_an_erased_person_is_somebody_new(kim, send):
    erase(candidate=kim)
    send(email="kim@example.net")
    assert Candidate.objects.exclude(pk=kim.pk).get().email == "kim@example.net"


def test_another_person_keeps_everything(kim, make, acme, job):
    other = make.make_application(job, make.make_candidate("Lee Lang"), note="Mine")
    erase(candidate=kim)
    with company_scope(acme):
        assert Application.objects.values_list("name", "note").get(pk=other.pk) == ("Lee Lang", "Mine")
