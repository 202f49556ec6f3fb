"""Who gets in where. Each address of a company stands in COMPANY_URLS; a test finds those that do not."""

import pytest
from django.urls import URLPattern, get_resolver, reverse

from tests import factories
from tests.tenants import everything_of, furnish

MEMBERS, ADMINS = "company_member", "company_admin"

# Name of the address, who may open it, and what it names beside the company. Each area's rows stand together.
COMPANY_URLS = [
    # accounts
    ("dashboard", MEMBERS, []),
    ("account_settings", MEMBERS, []),
    ("company_settings", ADMINS, []),
    ("team", ADMINS, []),
    ("invitation_create", ADMINS, []),
    ("invitation_cancel", ADMINS, ["invitation_pk"]),
    ("member_role", ADMINS, ["membership_pk"]),
    ("member_remove", ADMINS, ["membership_pk"]),
    ("notification_list", MEMBERS, []),
    ("notification_bell", MEMBERS, []),
    ("notifications_read", MEMBERS, []),
    ("notification_open", MEMBERS, ["notification_pk"]),
    # jobs
    ("job_list", MEMBERS, []),
    ("job_create", MEMBERS, []),
    ("job_edit", MEMBERS, ["job_pk"]),
    ("job_publish", MEMBERS, ["job_pk"]),
    ("job_close", MEMBERS, ["job_pk"]),
    # candidates
    ("candidate_list", MEMBERS, []),
    ("candidates_send", MEMBERS, []),
    ("candidate_detail", MEMBERS, ["candidate_pk"]),
    ("candidate_resume", MEMBERS, ["candidate_pk"]),
    ("candidate_share", MEMBERS, ["candidate_pk"]),
    # integrations
    ("integration_list", MEMBERS, []),
    ("connection_detail", MEMBERS, ["provider"]),
    ("connection_disconnect", ADMINS, ["provider"]),
    ("postings_refresh", MEMBERS, ["provider"]),
    ("connection_back_fill", MEMBERS, ["provider"]),
    ("connection_sync", MEMBERS, ["provider"]),
    ("connection_settings", MEMBERS, ["provider"]),
    ("connection_job_exports", ADMINS, ["provider"]),
    ("connection_check", MEMBERS, ["provider"]),
    ("connection_test_candidate", MEMBERS, ["provider"]),
    ("job_matches", MEMBERS, []),
    ("job_matches_undo", MEMBERS, []),
    ("posting_import", MEMBERS, []),
    ("job_posting_diff", MEMBERS, ["job_pk"]),
    ("job_posting_connect", MEMBERS, ["job_pk"]),
    ("job_posting_disconnect", MEMBERS, ["job_pk"]),
    ("export_confirm", MEMBERS, ["candidate_pk"]),
    ("candidate_mark", MEMBERS, ["candidate_pk"]),
    ("candidate_panel", MEMBERS, ["candidate_pk"]),
    ("candidate_progress_refresh", MEMBERS, ["candidate_pk"]),
    ("candidate_timeline", MEMBERS, ["candidate_pk"]),
    ("bulk_send_list", MEMBERS, []),
    ("bulk_send_detail", MEMBERS, ["bulk_send_pk"]),
    ("bulk_send_job", MEMBERS, ["bulk_send_pk"]),
    ("bulk_send_confirm", MEMBERS, ["bulk_send_pk"]),
    ("export_list", MEMBERS, []),
    ("report", MEMBERS, []),
    ("report_csv", MEMBERS, []),
    ("activity_list", MEMBERS, []),
    ("activity_csv", MEMBERS, []),
    ("exports_retry", MEMBERS, []),
    ("exports_dismiss", MEMBERS, []),
    ("export_mark", MEMBERS, ["export_pk"]),
    ("export_retry", MEMBERS, ["export_pk"]),
    ("export_dismiss", MEMBERS, ["export_pk"]),
    # one ATS
    ("lever:start", ADMINS, []),
    ("harbor:start", ADMINS, []),
]
every_url = pytest.mark.parametrize(("name", "access", "names"), COMPANY_URLS, ids=[row[0] for row in COMPANY_URLS])
KEYED = [row for row in COMPANY_URLS if any(name.endswith("_pk") for name in row[2])]
every_keyed_url = pytest.mark.parametrize(("name", "access", "names"), KEYED, ids=[row[0] for row in KEYED])


@pytest.fixture
def acmes(acme, alice, bob):
    return furnish(acme)


@pytest.fixture
def globexs(globex, mallory):
    return furnish(globex)


def url_of(name, names, belongings, *, slug="acme"):
    return reverse(name, kwargs={"company_slug": slug, **belongings.address(*names)})


def body_of(response):
    """What a reader sees: without the token that differs in every answer."""
    token = str(response.context["csrf_token"]) if response.context else ""
    return response.content.decode().replace(token, "") if token else response.content.decode()


def addresses(resolver=None, prefix="", namespace=""):
    """Walk all addresses of the product: (name, pattern, view)."""
    for entry in (resolver or get_resolver()).url_patterns:
        place = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield f"{namespace}{entry.name}", place, entry.callback
        else:
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from addresses(entry, place, inner)


def test_every_address_of_a_company_stands_in_the_table_with_its_access():
    guarded = {name: view.access for name, _, view in addresses() if getattr(view, "access", "").startswith("company_")}

    assert guarded == {name: access for name, access, _ in COMPANY_URLS}


def test_every_address_below_c_is_guarded():
    open_to_others = [
        name
        for name, place, view in addresses()
        if "c/<slug:company_slug>/" in place and not getattr(view, "access", "").startswith("company_")
    ]

    assert open_to_others == []


@every_url
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_signed_out_are_asked_to_sign_in(client, acmes, name, access, names, method):
    before = everything_of(acmes.company)
    url = url_of(name, names, acmes)

    response = getattr(client, method)(url)

    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))
    assert everything_of(acmes.company) == before


@every_url
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_sees_the_page_of_what_does_not_exist(client, acmes, mallory, name, access, names, method):
    before = everything_of(acmes.company)
    client.force_login(mallory)

    response = getattr(client, method)(url_of(name, names, acmes))
    nowhere = getattr(client, method)(url_of(name, names, acmes, slug="nowhere"))

    assert response.status_code == nowhere.status_code == 404
    assert body_of(response) == body_of(nowhere)
    assert everything_of(acmes.company) == before


@pytest.mark.parametrize("name", [row[0] for row in COMPANY_URLS if row[1] == ADMINS])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_recruiter_is_told_that_this_is_for_admins(client, acmes, bob, name, method):
    names = next(row[2] for row in COMPANY_URLS if row[0] == name)
    before = everything_of(acmes.company)
    client.force_login(bob)

    response = getattr(client, method)(url_of(name, names, acmes))

    assert response.status_code == 403
    assert everything_of(acmes.company) == before


@every_keyed_url
def test_another_companys_keys_in_an_address_are_not_there(client, alice, acmes, globexs, name, access, names):
    before = everything_of(acmes.company), everything_of(globexs.company)
    client.force_login(alice)
    url = url_of(name, names, globexs)

    answers = {client.get(url).status_code, client.post(url).status_code}

    # Where one of the methods is not answered at all, the other one says 404.
    assert 404 in answers
    assert answers <= {404, 405}
    assert (everything_of(acmes.company), everything_of(globexs.company)) == before


def test_another_companys_posting_cannot_be_chosen_for_a_job(client, alice, acmes, globexs):
    before = everything_of(acmes.company), everything_of(globexs.company)
    client.force_login(alice)

    response = client.post(
        reverse("job_edit", args=["acme", acmes.job.pk]), {"title": "Stolen", "posting": globexs.posting.pk}
    )

    assert response.status_code == 200
    assert "posting" in response.context["form"].errors
    assert (everything_of(acmes.company), everything_of(globexs.company)) == before


def test_a_member_of_both_companies_still_reaches_one_at_a_time(client, alice, acmes, globexs):
    factories.make_membership(alice, globexs.company)
    client.force_login(alice)

    assert client.get(reverse("job_edit", args=["globex", globexs.job.pk])).status_code == 200
    assert client.get(reverse("job_edit", args=["acme", globexs.job.pk])).status_code == 404
