"""Another company's keys typed into one's own forms and filters: refused, and nothing changed, sent or shown."""

import pytest
from django.core import mail
from django.urls import reverse

from tests.tenants import everything_of, furnish

TOO_LARGE = "9" * 30


@pytest.fixture
def acmes(acme, alice, bob):
    return furnish(acme)


@pytest.fixture
def globexs(globex, mallory):
    return furnish(globex)


# Whose form, what its own address names, what is typed (theirs: the other company's rows), and the answer.
FORMS = {
    "a job's posting": (
        "job_edit",
        ["job_pk"],
        lambda theirs, own: {"title": "Stolen", "posting": theirs.posting.pk},
        200,
    ),
    "a new job's posting": (
        "job_create",
        [],
        lambda theirs, own: {"title": "Stolen", "posting": theirs.posting.pk},
        200,
    ),
    "the job to send to": ("export_confirm", ["candidate_pk"], lambda theirs, own: {"job": theirs.job.pk}, 200),
    "the colleague to show to": (
        "candidate_share",
        ["candidate_pk"],
        lambda theirs, own: {"member": theirs.membership.user_id, "message": "Look"},
        200,
    ),
    "the job to match": (
        "job_matches",
        [],
        lambda theirs, own: {"connect": theirs.job.pk, f"posting_{theirs.job.pk}": own.posting.pk},
        404,
    ),
    "the job to take back": (
        "job_matches_undo",
        [],
        lambda theirs, own: {"link": f"{theirs.job.pk}-{theirs.posting.pk}"},
        404,
    ),
    "a key that is too large": ("job_matches", [], lambda theirs, own: {"connect": TOO_LARGE}, 404),
    "a posting that is too large": (
        "job_edit",
        ["job_pk"],
        lambda theirs, own: {"title": "Stolen", "posting": TOO_LARGE},
        200,
    ),
}
every_form = pytest.mark.parametrize(("name", "names", "typed", "status"), FORMS.values(), ids=FORMS)


@every_form
def test_a_form_takes_no_key_of_another_company(client, alice, acmes, globexs, name, names, typed, status):
    before = everything_of(acmes.company), everything_of(globexs.company)
    client.force_login(alice)

    response = client.post(
        reverse(name, kwargs={"company_slug": "acme", **acmes.address(*names)}), typed(globexs, acmes)
    )

    assert response.status_code == status
    assert (everything_of(acmes.company), everything_of(globexs.company)) == before
    assert mail.outbox == []


def test_a_match_takes_no_posting_of_another_company(client, alice, make, acmes, globexs):
    job = make.make_job(acmes.company, "Unlinked")
    before = everything_of(acmes.company), everything_of(globexs.company)
    client.force_login(alice)

    client.post(
        reverse("job_matches", args=["acme"]), {"connect": job.pk, f"posting_{job.pk}": globexs.posting.pk}, follow=True
    )

    assert (everything_of(acmes.company), everything_of(globexs.company)) == before


@pytest.mark.parametrize("role", ["owner", "", "superuser"])
def test_an_invitation_gives_no_role_that_there_is_not(client, alice, acmes, role):
    before = everything_of(acmes.company)
    client.force_login(alice)

    response = client.post(reverse("invitation_create", args=["acme"]), {"email": "x@example.org", "role": role})

    assert response.status_code == 200
    assert everything_of(acmes.company) == before


def test_a_filter_for_another_companys_job_finds_no_list(client, alice, acmes, globexs):
    client.force_login(alice)

    assert client.get(reverse("candidate_list", args=["acme"]), {"job": globexs.job.pk}).status_code == 404
