"""The dashboard, and how one gets to it."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests import factories
from tests.counting import queries_of
from tests.integrations import rows


@pytest.fixture
def as_alice(client, alice):
    client.force_login(alice)
    return client


def figures(client):
    """Read the counts with where they lead."""
    html = client.get(reverse("dashboard", args=["acme"])).content.decode()
    found = re.findall(
        r'class="figure" href="([^"]+)"><span class="figure-number">([^<]+)</span><span class="figure-label">([^<]+)<',
        html,
    )
    return {label: (number, url) for url, number, label in found}


def test_counts_lead_to_what_they_count(as_alice, acme):
    job = factories.make_job(acme)
    factories.make_job(acme, status="draft")
    factories.make_job(acme, status="closed")
    application = factories.make_application(job)
    factories.make_application(job, created_at=timezone.now() - timedelta(8))
    factories.make_application(job, withdrawn_at=timezone.now())
    connection = rows.make_connection(acme)
    rows.end(
        rows.make_export(connection, application.candidate, state="sent"),
        rows.make_reason(connection, "Hired", is_hire=True),
    )
    rows.make_export(connection, state="failed", failure_code="refused")
    jobs, candidates = reverse("job_list", args=["acme"]), reverse("candidate_list", args=["acme"])

    assert figures(as_alice) == {
        "Open jobs": ("1", f"{jobs}?status=open"),
        "Drafts": ("1", f"{jobs}?status=draft"),
        "Applications in the last 7 days": ("1", f"{candidates}?show=applied"),
        f"In {connection.label}": ("1", f"{candidates}?state=sent"),
        "Hired": ("1", f"{candidates}?state=hired"),
        "Need attention": ("1", reverse("export_list", args=["acme"])),
    }


def test_the_newest_applicants_are_shown_with_where_they_stand(as_alice, acme):
    application = factories.make_application(factories.make_job(acme, "Gardener"), factories.make_candidate("Kim Park"))
    rows.make_export(rows.make_connection(acme), application.candidate, job=application.job)
    factories.make_application(factories.make_job(acme, "Beekeeper"), application.candidate)

    html = as_alice.get(reverse("dashboard", args=["acme"])).content.decode()

    assert f'href="{reverse("candidate_detail", args=["acme", application.candidate_id])}">Kim Park' in html
    assert "Gardener" in html
    assert html.count("Waiting") == 1
    assert html.count("Not sent") == 1


def test_what_happened_lately_there_leads_to_the_people(as_alice, acme):
    connection = rows.make_connection(acme)
    kim = factories.make_candidate("Kim Park", is_discoverable=True)
    rows.move(rows.make_export(connection, kim, state="sent"), rows.make_stage(connection, "Interview"))

    html = as_alice.get(reverse("dashboard", args=["acme"])).content.decode()

    assert f"Lately in {connection.label}" in html
    assert f'<a href="{reverse("candidate_detail", args=["acme", kim.pk])}">Kim Park</a> · Moved to Interview' in html


def test_a_new_company_is_shown_its_first_steps(as_alice):
    html = as_alice.get(reverse("dashboard", args=["acme"])).content.decode()

    assert "First steps" in html
    assert "Post your first job" in html
    assert "Invite your team" in html
    assert f'href="{reverse("integration_list", args=["acme"])}"' in html


def test_first_steps_that_are_done_are_not_shown(as_alice, acme, bob):
    factories.make_job(acme)
    rows.make_connection(acme)

    assert "First steps" not in as_alice.get(reverse("dashboard", args=["acme"])).content.decode()


def test_a_banner_counts_the_jobs_that_are_not_connected(as_alice, acme):
    rows.make_connection(acme)
    factories.make_job(acme)

    html = as_alice.get(reverse("dashboard", args=["acme"])).content.decode()

    assert "<strong>1 open job is not connected.</strong>" in html


def test_home_leads_to_the_company_one_was_in_last(as_alice, alice, globex):
    factories.make_membership(alice, globex)
    as_alice.get(reverse("dashboard", args=["globex"]))

    assert as_alice.get(reverse("home")).url == reverse("dashboard", args=["globex"])


def test_home_forgets_a_company_one_has_left(as_alice, alice, globex, make):
    place = make.make_membership(alice, globex)
    as_alice.get(reverse("dashboard", args=["globex"]))
    from purposejobs.tenancy import company_scope

    with company_scope(globex):
        place.delete()

    assert as_alice.get(reverse("home")).url == reverse("dashboard", args=["acme"])


def test_home_shows_the_signed_out_the_board(client, db):
    assert client.get(reverse("home")).url == reverse("public_board")


def test_the_switcher_leads_to_ones_other_companies(as_alice, alice, globex):
    factories.make_membership(alice, globex)

    html = as_alice.get(reverse("dashboard", args=["acme"])).content.decode()

    assert f'href="{reverse("dashboard", args=["globex"])}"' in html


def test_the_page_runs_as_many_queries_for_many_applicants_as_for_few(as_alice, acme):
    job, connection = factories.make_job(acme), rows.make_connection(acme)

    def fill(number):
        for _ in range(number):
            rows.make_export(connection, factories.make_application(job).candidate)

    fill(10)
    with_ten = queries_of(as_alice, reverse("dashboard", args=["acme"]))
    fill(190)

    assert queries_of(as_alice, reverse("dashboard", args=["acme"])) == with_ten
