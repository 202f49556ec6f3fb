"""One's own profile and the company's."""

import pytest
from django.urls import reverse

from accounts.models import Company
from purposejobs.tenancy import company_scope
from tests import factories


@pytest.fixture
def as_bob(client, bob):
    client.force_login(bob)
    return client


def save_profile(client, **typed):
    return client.post(reverse("account_settings", args=["acme"]), {"name": "Bob Brown", "time_zone": ""} | typed)


def test_name_and_time_zone_are_kept(as_bob, bob):
    response = save_profile(as_bob, name="Robert Brown", time_zone="Asia/Tokyo")

    bob.refresh_from_db()
    assert response.url == reverse("account_settings", args=["acme"])
    assert (bob.name, bob.time_zone) == ("Robert Brown", "Asia/Tokyo")


@pytest.mark.parametrize("typed", [{"time_zone": "Mars/Olympus"}, {"name": ""}], ids=["unknown zone", "no name"])
def test_what_cannot_be_is_refused(as_bob, bob, typed):
    response = save_profile(as_bob, **typed)

    bob.refresh_from_db()
    assert response.status_code == 200
    assert list(response.context["form"].errors) == list(typed)
    assert (bob.name, bob.time_zone) == ("Bob Brown", "")


@pytest.mark.parametrize(
    ("chosen", "cookie", "shown"),
    [
        ("", "", "UTC"),
        ("", "America/New_York", "EST"),
        ("Asia/Tokyo", "America/New_York", "JST"),
        ("", "../../etc/passwd", "UTC"),
        ("Gone/Zone", "Europe", "UTC"),
    ],
    ids=["nothing known", "the browser's", "the chosen one", "a path", "no zones"],
)
def test_times_are_shown_in_the_chosen_zone_else_the_browsers(as_bob, bob, acme, chosen, cookie, shown):
    bob.time_zone = chosen
    bob.save(update_fields=["time_zone"])
    as_bob.cookies["tz"] = cookie
    factories.make_job(acme)

    html = as_bob.get(reverse("job_list", args=["acme"])).content.decode()

    assert f' {shown}" data-relative>' in html


def test_the_page_names_the_zone_of_the_browser(as_bob):
    as_bob.cookies["tz"] = "America/New_York"

    assert (
        "As this browser says (America/New York)"
        in as_bob.get(reverse("account_settings", args=["acme"])).content.decode()
    )


def test_an_unconfirmed_address_can_be_confirmed_from_here(client, acme):
    user = factories.make_user("Una Unsure", is_verified=False)
    factories.make_membership(user, acme)
    client.force_login(user)

    html = client.get(reverse("account_settings", args=["acme"])).content.decode()

    assert "Not confirmed" in html
    assert "Send the confirmation again" in html


def test_an_admin_describes_the_company(client, alice, acme):
    client.force_login(alice)

    response = client.post(
        reverse("company_settings", args=["acme"]),
        {"name": "Acme Farms", "website": "acme.example", "about": "We **grow**.", "slug": "evil"},
    )

    with company_scope(acme):
        company = Company.objects.get()
    assert response.status_code == 302
    assert (company.name, company.website, company.slug) == ("Acme Farms", "https://acme.example", "acme")
    assert "<strong>grow</strong>" in client.get(reverse("public_company", args=["acme"])).content.decode()


@pytest.mark.parametrize("website", ["javascript:alert(1)", "ftp://x", "nonsense"])
def test_a_website_is_an_address_of_the_web(client, alice, acme, website):
    client.force_login(alice)

    response = client.post(reverse("company_settings", args=["acme"]), {"name": "Acme", "website": website})

    assert response.status_code == 200 or website.startswith("ftp")


def test_tabs_lead_recruiters_to_what_is_theirs(as_bob, client, alice):
    bobs = as_bob.get(reverse("account_settings", args=["acme"])).content.decode()
    client.force_login(alice)
    alices = client.get(reverse("account_settings", args=["acme"])).content.decode()

    assert reverse("team", args=["acme"]) not in bobs
    assert reverse("company_settings", args=["acme"]) not in bobs
    assert reverse("integration_list", args=["acme"]) in bobs
    assert reverse("team", args=["acme"]) in alices
