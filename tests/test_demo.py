"""The demo's data: loaded once, complete, and what the product would have made itself."""

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Company, Membership, PublicCompany, User
from candidates.models import Application, Candidate
from candidates.resumes import check_resume
from integrations.models import AccountStage, CandidateExport, Connection, Posting, PostingLink
from jobs.models import Job
from purposejobs.demo import LOGINS, PASSWORD, ats, market
from purposejobs.demo.people import PEOPLE
from purposejobs.demo.resumes import draw
from purposejobs.tenancy import company_scope

Export = CandidateExport.State


@pytest.fixture
def demo_on(settings):
    settings.DEMO = True
    settings.EXPORTS = {**settings.EXPORTS, "rate_per_second": 2000, "burst": 200}


@pytest.fixture
def filled(db):
    """The marketplace alone: nothing is connected or sent."""
    market.fill()


@pytest.fixture
def loaded(demo_on, emulator, db):
    """The whole demo, sent to an emulator that takes it at any speed; what the command said."""
    emulator.control("POST", "/switches", rate=None)
    said = io.StringIO()
    call_command("demo_data", stdout=said)
    return said.getvalue()


def company(slug: str) -> Company:
    return Company(pk=PublicCompany.objects.get(slug=slug).pk)


def by_state() -> dict[str, int]:
    with company_scope(company("open-harvest")):
        states = list(CandidateExport.objects.values_list("state", flat=True))
    return {state: states.count(state) for state in sorted(set(states))}


def everything() -> list:
    rows = [list(Candidate.objects.order_by("pk").values()), list(User.objects.order_by("pk").values())]
    for slug in ("open-harvest", "brightwater"):
        with company_scope(company(slug)):
            models = (Job, Application, Connection, Posting, PostingLink, CandidateExport, Membership)
            rows += [list(model.objects.order_by("pk").values()) for model in models]
    return rows


def test_demo_data_is_refused_where_the_demo_is_off(settings, db):
    settings.DEMO = False

    with pytest.raises(CommandError, match="set DEMO=1"):
        call_command("demo_data")

    assert not User.objects.exists()


def test_demo_data_is_refused_where_a_real_ats_would_receive_it(demo_on, settings, db):
    settings.LEVER_ENVIRONMENT = "production"

    with pytest.raises(CommandError, match="emulator only"):
        call_command("demo_data")

    assert not User.objects.exists()


@pytest.mark.real_http
def test_demo_shows_every_state_of_an_export(loaded, emulator):
    assert by_state() == {"cancelled": 1, "failed": 1, "sent": 26, "waiting": 1}
    with company_scope(company("open-harvest")):
        connection = Connection.objects.get()
        assert connection.state == "active"
        failed = CandidateExport.objects.get(state=Export.FAILED)
        waiting = CandidateExport.objects.get(state=Export.WAITING)
        assert (failed.failure_code, waiting.held_reason) == ("file_refused", "posting_closed")
        assert CandidateExport.objects.filter(was_known=True).count() == 1
        assert CandidateExport.objects.filter(posting=None, requested_by__email="ben@harvest.example").count() == 3
        sent = set(CandidateExport.objects.filter(state=Export.SENT).values_list("external_id", flat=True))

    there = emulator.control("GET", f"/accounts/{connection.account_id}/opportunities", tag="Purpose Jobs")
    assert {row["id"] for row in there["opportunities"]} == sent
    assert len({row["stage"] for row in there["opportunities"]}) > 4
    assert emulator.control("GET", "/faults")["faults"] == []


@pytest.mark.real_http
def test_demo_shows_what_became_of_people_at_the_time_it_did(loaded):
    with company_scope(company("open-harvest")):
        sent = CandidateExport.objects.filter(state=Export.SENT)
        stages = dict(AccountStage.objects.values_list("external_id", "name"))
        by_person = {export.candidate.email.split(".")[0]: export for export in sent.select_related("candidate")}
        hired, archived, moving = by_person["katharina"], by_person["oluwaseun"], by_person["adaeze"]
        history = list(hired.stage_changes.order_by("happened_at").values_list("kind", "stage_name"))
        times = [export.stage_changed_at for export in sent if export.candidate.email in ats.MOVED_ON]

    assert hired.hired_at is not None
    assert (archived.archived_at is not None, archived.hired_at) == (True, None)
    assert (stages[moving.stage_id], moving.archived_at) == ("On-site interview", None)
    assert history[-1] == ("hired", "")
    assert [name for kind, name in history if kind == "moved"][-2:] == ["On-site interview", "Offer"]
    assert max(times) < timezone.now() - timedelta(minutes=1)
    assert moving.sent_at < moving.stage_changed_at


@pytest.mark.real_http
def test_the_emulators_clock_is_right_again(loaded, emulator):
    assert abs(emulator.control("GET", "/clock")["advanced_seconds"]) < 1


@pytest.mark.real_http
def test_second_run_finds_everything_and_changes_nothing(loaded, emulator):
    before = everything()
    emulator.control("DELETE", "/requests")

    said = io.StringIO()
    call_command("demo_data", stdout=said)

    assert everything() == before
    assert emulator.control("GET", "/requests")["requests"] == []
    assert "here already" in said.getvalue()


@pytest.mark.real_http
def test_the_other_company_is_there_to_be_connected(loaded, emulator):
    accounts = {row["name"]: row for row in emulator.control("GET", "/accounts")["accounts"]}

    with company_scope(company("brightwater")):
        assert not Connection.objects.exists()
        titles = set(Job.objects.open().values_list("title", flat=True))
    account = emulator.control("GET", f"/accounts/{accounts['Brightwater']['id']}")
    assert {"Backend Engineer", "Hydrologist"} <= titles & {row["text"] for row in account["postings"]}
    assert "clara@brightwater.example" in {row["email"] for row in account["users"]}


def test_every_login_signs_in(filled):
    pages = [Client().post("/accounts/login/", {"login": email, "password": PASSWORD}) for email, *_ in LOGINS]

    assert [(page.status_code, page.url) for page in pages] == [(302, "/")] * 4


def test_every_resume_is_a_pdf_that_the_form_would_take():
    resumes = [draw(market.profile_of(number)) for number in range(len(PEOPLE))]

    types = {check_resume(SimpleUploadedFile("cv.pdf", content)).content_type for content in resumes}
    assert types == {"application/pdf"}
    assert len(set(resumes)) == len(PEOPLE) > 55


def test_some_people_hide_and_some_are_seen_without_an_application(filled):
    harvest = company("open-harvest")
    with company_scope(harvest):
        applied = Application.objects.values("candidate")
        assert Candidate.objects.discoverable_to(harvest).exclude(pk__in=applied).count() > 10
        unseen = Candidate.objects.exclude(pk__in=Candidate.objects.visible_to(harvest)).order_by("name")
        assert [candidate.name for candidate in unseen] == ["Ingeborg Straumann", "Magdalena Ruiz", "Paulina Duarte"]
