"""The same application from two browsers in the same moment."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from candidates.models import Application, Candidate
from purposejobs.tenancy import company_scope


@pytest.mark.django_db(transaction=True)
def test_two_clicks_are_one_person_and_one_application(transactional_db, make, acme, job, typed, tmp_path, settings):
    settings.MEDIA_ROOT = tmp_path
    start = Barrier(4, timeout=10)

    def click(number):
        form = typed(note=f"Click {number}")
        start.wait()
        try:
            return Client().post(reverse("apply", args=["acme", job.pk]), form).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(click, range(4)))
    assert answers == [302] * 4
    assert Candidate.objects.count() == 1
    with company_scope(acme):
        assert Application.objects.count() == 1
    assert len(list(tmp_path.rglob("*.pdf"))) == 1
