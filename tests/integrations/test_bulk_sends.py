"""Sending many: who goes, who does not and why, and what became of each."""

import pytest
from django.urls import reverse
from django.utils import timezone

from candidates.models import Application
from integrations import actions
from integrations.models import Activity, BulkSend, BulkSendItem, CandidateExport, Connection, Posting
from purposejobs.tenancy import company_scope
from tests.counting import queries_of
from tests.factories import make_application, make_candidate, make_job
from tests.integrations import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def connection(acme):
    return rows.make_connection(acme)


@pytest.fixture
def job(acme, connection):
    job = make_job(acme, "Backend Engineer")
    rows.make_link(rows.make_posting(connection, "Backend Engineer"), job)
    return job


@pytest.fixture
def bobs(client, bob):
    client.force_login(bob)
    return client


def discoverable(count):
    return [make_candidate(f"Person {number}", is_discoverable=True) for number in range(count)]


def choose(client, *candidates, which="chosen", query=""):
    url = reverse("candidates_send", args=["acme"]) + query
    return client.post(url, {"which": which, "candidate": [candidate.pk for candidate in candidates]})


def newest(company) -> BulkSend:
    with company_scope(company):
        return BulkSend.objects.latest("pk")


def confirm(client, bulk_send):
    return client.post(reverse("bulk_send_confirm", args=["acme", bulk_send.pk]), {"job": bulk_send.job_id or ""})


def outcomes(bulk_send) -> dict[str, str]:
    with company_scope(bulk_send.company_id):
        items = BulkSendItem.objects.filter(bulk_send=bulk_send).select_related("candidate")
        return {item.candidate.name: item.code or item.outcome for item in items}


def exports(company):
    with company_scope(company):
        found = CandidateExport.objects.order_by("candidate__name").select_related("candidate", "posting")
        return [(row.candidate.name, str(row.posting or ""), row.state) for row in found]


def test_the_ticked_are_previewed_and_nobody_is_sent_before_it_is_confirmed(bobs, acme, job):
    response = choose(bobs, *discoverable(2))

    assert response.url == reverse("bulk_send_detail", args=["acme", newest(acme).pk])
    assert "Send 2 candidates to Lever" in bobs.get(response.url).content.decode()
    assert exports(acme) == []


def test_confirming_sends_everybody_who_goes_in_the_name_of_who_confirmed(bobs, bob, acme, job):
    choose(bobs, *discoverable(2))

    confirm(bobs, newest(acme))

    assert exports(acme) == [("Person 0", "", "waiting"), ("Person 1", "", "waiting")]
    with company_scope(acme):
        assert set(CandidateExport.objects.values_list("requested_by", "reason")) == {(bob.pk, "sent")}
        assert list(Activity.objects.values_list("verb", "actor", "detail")) == [("sent", bob.pk, "2 candidates")]


def test_the_preview_says_of_each_whether_they_go(bobs, acme, connection, job):
    with company_scope(acme):
        posting = Posting.objects.get(title="Backend Engineer")
    fresh, there, on_the_way, failed, cancelled, deleted = discoverable(6)
    withdrawn = make_candidate("Person 6")
    rows.make_export(connection, there, posting, state="sent")
    rows.make_export(connection, on_the_way, posting, state="waiting")
    rows.make_export(connection, failed, posting, state="failed", failure_code="bad_request")
    rows.make_export(connection, cancelled, posting, state="cancelled", cancelled_reason="dismissed")
    rows.make_export(connection, deleted, posting, state="sent", deleted_there_at=timezone.now())
    # Still in the list, but nothing may travel.
    make_application(job, withdrawn, withdrawn_at=timezone.now())
    choose(bobs, fresh, there, on_the_way, failed, cancelled, deleted, withdrawn)

    bobs.post(reverse("bulk_send_job", args=["acme", newest(acme).pk]), {"job": job.pk})

    assert outcomes(newest(acme)) == {
        "Person 0": "goes",
        "Person 1": "already_there",
        "Person 2": "under_way",
        "Person 3": "goes",
        "Person 4": "goes",
        "Person 5": "goes",
        "Person 6": "candidate_hidden",
    }


def test_who_withdrew_since_the_preview_is_not_sent(bobs, acme, job):
    person = make_candidate("Kim Park")
    application = make_application(job, person)
    choose(bobs, person)
    with company_scope(acme):
        Application.objects.filter(pk=application.pk).update(withdrawn_at=timezone.now())

    confirm(bobs, newest(acme))

    assert outcomes(newest(acme)) == {"Kim Park": "candidate_hidden"}
    assert exports(acme) == []
    page = bobs.get(reverse("bulk_send_detail", args=["acme", newest(acme).pk])).content.decode()
    assert "They withdrew, or do not share their profile with your company." in page


def test_confirming_twice_sends_nobody_twice(bobs, acme, job):
    choose(bobs, *discoverable(1))

    confirm(bobs, newest(acme))
    confirm(bobs, newest(acme))

    assert exports(acme) == [("Person 0", "", "waiting")]
    with company_scope(acme):
        assert Activity.objects.count() == 1


def test_all_that_the_filters_find_can_be_chosen(bobs, acme, job):
    for number in range(30):
        make_application(job, make_candidate(f"Applicant {number}"))
    discoverable(3)

    choose(bobs, which="all", query=f"?job={job.pk}")

    assert len(outcomes(newest(acme))) == 30


def test_the_job_is_preselected_where_all_applied_to_it(bobs, acme, job):
    one, two = make_candidate("One"), make_candidate("Two")
    make_application(job, one)
    make_application(job, two)

    choose(bobs, one, two)

    assert newest(acme).job_id == job.pk


def test_without_a_common_job_they_are_leads_unless_the_company_has_a_posting_for_those(bobs, acme, connection, job):
    leads = rows.make_posting(connection, "General leads")
    with company_scope(acme):
        Connection.objects.update(lead_posting=leads)
    one, two = discoverable(2)
    make_application(job, one)
    choose(bobs, one, two)

    confirm(bobs, newest(acme))

    assert exports(acme) == [("Person 0", "General leads", "waiting"), ("Person 1", "General leads", "waiting")]


@pytest.mark.parametrize(
    ("candidates", "words"),
    [
        pytest.param(0, "None of the chosen candidates is there any more.", id="nobody"),
        pytest.param(3, "2 candidates can be sent to Lever at once, and more are chosen.", id="too many"),
    ],
)
def test_a_choice_that_cannot_be_sent_says_why(bobs, acme, job, monkeypatch, candidates, words):
    monkeypatch.setattr("integrations.actions.sending.MOST_AT_ONCE", 2)

    response = choose(bobs, *discoverable(candidates))

    assert words in bobs.get(response.url).content.decode()
    with company_scope(acme):
        assert not BulkSend.objects.exists()


def test_another_companys_people_cannot_be_chosen(bobs, acme, globex, job):
    theirs = make_candidate("Theirs")
    make_application(make_job(globex), theirs)

    choose(bobs, theirs)

    with company_scope(acme):
        assert not BulkSend.objects.exists()


def test_a_posting_that_closed_meanwhile_stops_the_sending(bobs, acme, job):
    person = make_candidate("Kim Park")
    make_application(job, person)
    choose(bobs, person)
    with company_scope(acme):
        Posting.objects.update(is_open=False, state="Closed")

    response = confirm(bobs, newest(acme))

    assert "This posting was closed in Lever" in bobs.get(response.url).content.decode()
    assert exports(acme) == []
    assert newest(acme).confirmed_at is None


def test_the_result_counts_what_became_of_each(bobs, acme, job):
    choose(bobs, *discoverable(4))
    bulk_send = newest(acme)
    confirm(bobs, bulk_send)
    states = {"Person 0": ("sent", {}), "Person 1": ("failed", {"failure_code": "no_email"})}
    with company_scope(acme):
        for name, (state, fields) in states.items():
            CandidateExport.objects.filter(candidate__name=name).update(state=state, **fields)
        CandidateExport.objects.filter(candidate__name="Person 2").update(held_reason="posting_closed")

    response = bobs.get(reverse("bulk_send_detail", args=["acme", bulk_send.pk]))

    assert {tab.slug: tab.count for tab in response.context["tabs"]} == {
        "attention": 2,
        "waiting": 1,
        "sent": 1,
        "there": 0,
        "blocked": 0,
    }
    assert "3 of 4 done" in response.content.decode()
    assert 'hx-trigger="every 2s"' in response.content.decode()


def test_a_sending_whose_access_is_lost_says_when_the_others_go(bobs, acme, job):
    choose(bobs, *discoverable(2))
    bulk_send = newest(acme)
    confirm(bobs, bulk_send)
    with company_scope(acme):
        Connection.objects.update(state=Connection.State.NEEDS_RECONNECT)

    page = bobs.get(reverse("bulk_send_detail", args=["acme", bulk_send.pk])).content.decode()

    assert "The others go when Lever is connected again." in page
    assert "It goes on when you leave this page." not in page


def test_a_finished_sending_asks_no_more(bobs, acme, job):
    choose(bobs, *discoverable(1))
    confirm(bobs, newest(acme))
    with company_scope(acme):
        CandidateExport.objects.update(state="sent", external_id="1")

    page = bobs.get(reverse("bulk_send_detail", args=["acme", newest(acme).pk])).content.decode()

    assert "every 2s" not in page
    assert 'role="status">Done<' in page


def test_pages_need_as_many_queries_for_twenty_people_as_for_two(bobs, acme, job):
    choose(bobs, *discoverable(2))
    few = newest(acme)
    confirm(bobs, few)
    with company_scope(acme):
        many = actions.prepare_bulk_send(
            company=acme, candidate_pks=[person.pk for person in discoverable(20)], requested_by=few.requested_by
        )
        actions.confirm_bulk_send(bulk_send=many, confirmed_by=few.requested_by, shown_job_pk=None)

    urls = [reverse("bulk_send_detail", args=["acme", bulk_send.pk]) for bulk_send in (few, many)]

    assert queries_of(bobs, urls[0]) == queries_of(bobs, urls[1])


def test_sendings_are_listed_with_their_results(bobs, acme, job):
    choose(bobs, *discoverable(2))
    confirm(bobs, newest(acme))
    choose(bobs, *discoverable(1))

    response = bobs.get(reverse("bulk_send_list", args=["acme"]))

    (_, counts), *others = response.context["rows"]
    assert others == []
    assert (counts["people"], counts["waiting"]) == (2, 2)


def test_without_a_connection_nobody_can_be_ticked(bobs, acme):
    discoverable(1)

    assert 'name="candidate"' not in bobs.get(reverse("candidate_list", args=["acme"])).content.decode()


def test_only_jobs_of_the_ats_that_is_sent_to_are_offered(bobs, acme, connection, job):
    other = rows.make_connection(acme, provider="harbor", environment="test")
    theirs = rows.make_link(rows.make_posting(other, "Night Watch")).job
    choose(bobs, *discoverable(1))
    bulk_send = newest(acme)
    with company_scope(acme):
        BulkSend.objects.update(connection=connection)

    response = bobs.get(reverse("bulk_send_detail", args=["acme", bulk_send.pk]))
    bobs.post(reverse("bulk_send_job", args=["acme", bulk_send.pk]), {"job": theirs.pk})

    assert [link.job for link in response.context["links"]] == [job]
    assert newest(acme).job is None
