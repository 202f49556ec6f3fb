"""The operators' page of candidates."""

import pytest
from django.urls import reverse

from candidates.models import Application, Candidate
from purposejobs.tenancy import company_scope

LIST = "admin:candidates_candidate_changelist"


@pytest.fixture
def operator(client, make):
    client.force_login(make.make_user("Olga Operator", is_staff=True, is_superuser=True))
    return client


def test_operators_find_a_person_by_address_and_erase_them(operator, make, acme, job):
    kim = make.make_candidate("Kim Park", "kim@example.net")
    other = make.make_candidate("Lee Lang")
    make.make_application(job, kim)
    page = operator.get(reverse(LIST), {"q": "KIM@example.net"}).content.decode()
    assert "Kim Park" in page
    assert "Lee Lang" not in page
    operator.post(reverse(LIST), {"action": "erase_people", "_selected_action": [kim.pk]})
    assert Candidate.objects.get(pk=kim.pk).erased_at is not None
    assert Candidate.objects.get(pk=other.pk).erased_at is None
    with company_scope(acme):
        assert Application.objects.get().name == "Erased candidate"


def test_recruiters_are_no_operators(client, bob):
    client.force_login(bob)
    assert client.get(reverse(LIST)).status_code == 302
