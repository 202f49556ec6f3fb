"""The local copies of what an ATS has: every change seen, nothing written that did not change, half a list ignored."""

import copy
import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection as database

from integrations import actions, mirroring
from integrations.models import AccountReason, AccountStage, AccountUser, CandidateExport, Connection, Posting
from purposejobs.tenancy import company_scope
from tests.integrations.connected import fill_bucket
from tests.integrations.lever.contract import API, read
from tests.integrations.rows import make_connection, make_export, make_link, make_posting

BACKEND, DATA, OFFICE = "Backend Engineer", "Data Scientist", "Office Manager"


class Account:
    """An account at the far side: what its lists say now."""

    def __init__(self) -> None:
        self.postings = read("postings_first_page")["data"] + read("postings_last_page")["data"]
        self.users, self.stages = read("users_listed")["data"], read("stages_listed")["data"]
        self.reasons = read("archive_reasons_listed")["data"]
        self.ends_at = None
        self.page = 100

    def posting(self, title):
        return next(row for row in self.postings if row["text"] == title)

    def change(self, title, **fields):
        self.posting(title).update(fields)

    def without(self, title):
        self.postings = [row for row in self.postings if row["text"] != title]

    def register(self, http):
        http.add_callback("GET", re.compile(f"^{re.escape(API)}/"), lambda request: self.answer(request))

    def answer(self, request):
        name = urlsplit(request.url).path.rsplit("/", 1)[-1]
        start = int(parse_qs(urlsplit(request.url).query).get("offset", ["0"])[0])
        if name == self.ends_at and start:
            return 503, {}, "maintenance"
        rows = getattr(self, name.replace("archive_", ""))
        more = start + self.page < len(rows)
        page = {"data": rows[start : start + self.page], "hasNext": more}
        return 200, {}, json.dumps(page | ({"next": str(start + self.page)} if more else {}))


@pytest.fixture
def account(http):
    account = Account()
    account.register(http)
    return account


@pytest.fixture
def connection(acme, alice):
    return make_connection(acme, environment="sandbox")


@pytest.fixture
def refresh(connection):
    def refresh() -> Connection:
        fill_bucket(connection)
        mirroring.refresh_account(connection.pk)
        with company_scope(connection.company):
            return Connection.objects.get(pk=connection.pk)

    return refresh


@pytest.fixture
def postings(connection):
    """Give what is kept of the postings, by title."""

    def kept() -> dict[str, Posting]:
        with company_scope(connection.company):
            return {posting.title: posting for posting in Posting.objects.select_related("company")}

    return kept


def written(table):
    """Count the rows of a table that were written so far."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_xact_user_tables WHERE relname = %s", [table]
        )
        return cursor.fetchone()[0]


def test_a_posting_is_kept_with_what_an_import_takes_over(account, refresh, postings):
    account.change(
        BACKEND,
        workplaceType="remote",
        salaryRange={"min": 60000, "max": 80000, "currency": "EUR", "interval": "per-year-salary"},
    )
    refresh()
    kept = postings()[BACKEND]
    assert (kept.workplace, kept.salary) == ("remote", "EUR 60,000 – 80,000 per year")
    assert kept.description == "We are hiring: Backend Engineer.\n\n### What you bring\n\n- Curiosity\n- Care"
    assert (kept.location, kept.locations) == ("Berlin", ["Berlin", "Lisbon"])


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        ({"text": "Backend Developer"}, {"title": "Backend Developer"}),
        ({"state": "closed"}, {"state": "Closed", "is_open": False}),
        ({"state": "internal"}, {"state": "Unlisted", "is_open": True}),
        ({"state": "draft"}, {"state": "Draft", "is_open": False}),
        ({"confidentiality": "confidential"}, {"is_confidential": True, "is_open": True}),
        ({"owner": None}, {"owner_id": ""}),
        ({"workplaceType": "on-site"}, {"workplace": "onsite"}),
        ({"workplaceType": "unspecified"}, {"workplace": ""}),
        ({"salaryDescription": "Pay as  agreed"}, {"salary": "Pay as agreed"}),
        ({"content": {"description": "New\ntext"}}, {"description": "New\ntext"}),
        ({"content": None}, {"description": ""}),
    ],
    ids=str,
)
def test_every_change_is_seen(account, refresh, postings, change, seen):
    refresh()
    before = postings()[BACKEND]
    account.change(BACKEND, **change)
    refresh()
    after = postings()[change.get("text", BACKEND)]
    assert {name: getattr(after, name) for name in seen} == seen
    assert after.pk == before.pk
    assert after.seen_at > before.seen_at


def test_one_that_is_no_longer_listed_is_gone_and_may_come_back(account, refresh, postings):
    refresh()
    listed = copy.deepcopy(account.postings)
    account.without(BACKEND)
    refresh()
    assert postings()[BACKEND].gone_at is not None
    assert postings()[BACKEND].accepts_candidates is False
    assert [title for title, posting in postings().items() if posting.gone_at] == [BACKEND]
    account.postings = listed
    refresh()
    assert postings()[BACKEND].gone_at is None


def test_half_a_list_changes_nothing_and_the_time_of_the_last_good_one_stays(account, refresh, postings):
    listed_at = refresh().postings_listed_at
    account.page = 3
    account.ends_at = "postings"
    account.change(BACKEND, state="closed")
    account.without(DATA)
    connection = refresh()
    assert (connection.postings_error, connection.postings_listed_at) == ("unavailable", listed_at)
    assert postings()[BACKEND].is_open is True
    assert postings()[DATA].gone_at is None


def test_a_failing_list_of_stages_changes_no_posting_either(account, refresh, postings):
    refresh()
    account.page = 3
    account.ends_at = "stages"
    account.without(DATA)
    refresh()
    assert postings()[DATA].gone_at is None


def test_a_list_that_says_the_same_again_writes_nothing(account, refresh):
    tables = ["integrations_posting", "integrations_accountuser", "integrations_accountstage"]
    tables.append("integrations_accountreason")
    before = [written(table) for table in tables]
    refresh()
    first = [written(table) for table in tables]
    # "New lead" was there already.
    assert [count - was for count, was in zip(first, before, strict=True)] == [7, 6, 6, 5]
    refresh()
    assert [written(table) for table in tables] == first


def test_of_thousands_only_those_that_changed_are_written(account, refresh, postings, django_assert_max_num_queries):
    one = account.posting(BACKEND)
    account.postings = [one | {"id": f"posting-{number}", "text": f"Job {number}"} for number in range(2000)]
    refresh()
    assert len(postings()) == 2000
    # Their texts come after them, a hundred or two at a time; in the end all are there.
    assert {posting.description[:15] for posting in postings().values()} == {"We are hiring: "}
    before = written("integrations_posting")
    account.change("Job 7", state="closed")
    account.change("Job 1999", text="Job 2000")
    account.without("Job 12")
    with django_assert_max_num_queries(40):
        refresh()
    assert written("integrations_posting") - before == 3
    assert sum(posting.accepts_candidates for posting in postings().values()) == 1998


def test_texts_that_could_not_be_read_any_more_are_read_the_next_time(account, refresh, postings, acme):
    refresh()
    with company_scope(acme):
        # As a worker leaves them that ended in the middle of a long list.
        Posting.objects.exclude(title=BACKEND).update(digest="", description="")
    refresh()
    assert postings()[DATA].description.startswith("We are hiring: Data Scientist.")
    assert len({posting.digest for posting in postings().values()}) == 7


def test_what_another_refresh_found_meanwhile_is_not_gone(account, refresh, connection, postings):
    refresh()
    answer = account.answer

    def slow(request):
        # While our list is being read, another one finds a posting that ours has no more room for.
        if "/stages" in request.url and "Brand new" not in postings():
            make_posting(connection, "Brand new")
        return answer(request)

    account.answer = slow
    account.without(DATA)
    refresh()
    assert postings()["Brand new"].gone_at is None
    assert postings()[DATA].gone_at is not None


def test_stages_say_how_far_somebody_in_them_has_come(account, refresh, acme):
    account.stages.insert(1, {"id": "own-early", "text": "To call"})
    account.stages.append({"id": "own-late", "text": "Signed"})
    refresh()
    with company_scope(acme):
        steps = list(AccountStage.objects.exclude(external_id="lead-replied").values_list("name", "step"))
    assert steps == [
        ("New lead", "sent"),
        ("To call", "contacted"),
        ("Reached out", "contacted"),
        ("Responded", "contacted"),
        ("New applicant", "contacted"),
        ("Recruiter screen", "interview"),
        ("On-site interview", "interview"),
        ("Offer", "offer"),
        ("Signed", "offer"),
    ]


def test_reasons_are_kept_and_say_which_of_them_is_a_hire(account, refresh, acme):
    refresh()
    with company_scope(acme):
        reasons = list(AccountReason.objects.order_by("pk").values_list("name", "is_hire"))
    assert reasons == [
        ("Hired", True),
        ("Underqualified", False),
        ("Timing", False),
        ("Withdrew", False),
        ("Position closed", False),
    ]


def test_a_stage_that_was_taken_out_of_the_pipeline_keeps_its_name(account, refresh, acme):
    refresh()
    account.stages = [row for row in account.stages if row["text"] != "Recruiter screen"]
    refresh()
    with company_scope(acme):
        assert AccountStage.objects.filter(name="Recruiter screen").exists()


def test_who_is_no_longer_listed_cannot_be_acted_as(account, refresh, acme):
    refresh()
    account.users = account.users[1:]
    refresh()
    with company_scope(acme):
        assert AccountUser.objects.filter(is_active=True).count() == 4
        assert AccountUser.objects.get(name="Jun Park").is_active is False


def test_a_closed_posting_is_told_where_applicants_wait_once(account, refresh, connection, acme, alice, postings, make):
    from accounts.models import Notification

    refresh()
    with_waiting = make_link(postings()[BACKEND], make.make_job(acme, BACKEND))
    make_link(postings()[OFFICE], make.make_job(acme, OFFICE))
    make_export(connection, posting=with_waiting.posting, job=with_waiting.job)
    account.change(BACKEND, state="closed")
    account.without(OFFICE)
    refresh()
    refresh()
    with company_scope(acme):
        told = list(Notification.objects.values_list("kind", "user__email"))
    assert told == [("posting_closed", "alice@acme.example")]


def test_who_waits_for_a_closed_posting_goes_on_when_it_reopens(account, refresh, connection, postings):
    refresh()
    account.change(BACKEND, state="closed")
    refresh()
    held = make_export(connection, posting=postings()[BACKEND], held_reason=CandidateExport.Held.POSTING_CLOSED)
    refresh()
    with company_scope(connection.company):
        assert CandidateExport.objects.get(pk=held.pk).held_reason == "posting_closed"
    account.change(BACKEND, state="published")
    refresh()
    with company_scope(connection.company):
        assert CandidateExport.objects.get(pk=held.pk).held_reason == ""


def test_another_company_sees_none_of_it(account, refresh, globex):
    refresh()
    with company_scope(globex):
        assert not Posting.objects.exists()
        assert not AccountReason.objects.exists()


def test_a_refresh_on_demand_is_the_same_refresh(account, connection, acme, postings):
    with company_scope(acme):
        actions.refresh_account(connection=connection)
    fill_bucket(connection)
    mirroring.refresh_account(connection.pk)
    assert len(postings()) == 7
