"""The bell: what a member should know, theirs alone and in one company at a time."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.actions import mark_read, notify
from accounts.models import Notification
from purposejobs.tenancy import company_scope
from tests.counting import queries_of
from tests.factories import make_membership

LIST = reverse("notification_list", args=["acme"])
BELL = reverse("notification_bell", args=["acme"])
READ = reverse("notifications_read", args=["acme"])


def tell(company, users, kind="connection_lost", title="Reconnect", path="/c/acme/jobs/", **fields):
    with company_scope(company):
        return notify(company=company, users=users, kind=kind, title=title, path=path, **fields)


def rows(company, **filters):
    with company_scope(company):
        return list(Notification.objects.filter(**filters).order_by("pk"))


def open_url(notification):
    return reverse("notification_open", args=["acme", notification.pk])


def test_a_bell_says_how_much_is_unread(client, acme, alice):
    tell(acme, [alice])
    tell(acme, [alice], kind="digest")
    client.force_login(alice)

    assert 'aria-label="Notifications, 2 unread"' in client.get(reverse("dashboard", args=["acme"])).content.decode()


def test_a_bell_without_news_says_so(client, alice):
    client.force_login(alice)

    assert 'aria-label="Notifications, none unread"' in client.get(LIST).content.decode()


def test_a_fragment_counts_nothing(client, acme, alice):
    client.force_login(alice)
    jobs = reverse("job_list", args=["acme"])

    with CaptureQueriesContext(connection) as whole:
        client.get(jobs)
    with CaptureQueriesContext(connection) as fragment:
        client.get(jobs, headers={"HX-Request": "true"})

    assert sum("accounts_notification" in query["sql"] for query in whole) == 1
    assert sum("accounts_notification" in query["sql"] for query in fragment) == 0


def test_the_list_costs_the_same_with_many(client, acme, alice):
    client.force_login(alice)
    tell(acme, [alice])
    one = queries_of(client, LIST)
    for number in range(20):
        tell(acme, [alice], path=f"/{number}/")

    assert queries_of(client, LIST) == one


def test_what_is_unread_is_not_told_twice(acme, alice, bob):
    assert tell(acme, [alice]) == 1
    assert tell(acme, [alice, bob]) == 1
    assert [row.user for row in rows(acme)] == [alice, bob]


def test_what_was_read_is_told_again(acme, alice):
    tell(acme, [alice])
    with company_scope(acme):
        mark_read(company=acme, kinds=["connection_lost"], path="/c/acme/jobs/")

    assert tell(acme, [alice]) == 1


def test_opening_marks_it_read_and_leads_to_its_page(client, acme, alice):
    tell(acme, [alice])
    (notification,) = rows(acme)
    client.force_login(alice)

    response = client.post(open_url(notification))

    assert response.url == "/c/acme/jobs/"
    assert rows(acme)[0].read_at is not None


def test_opening_again_keeps_when_it_was_read(client, acme, alice):
    tell(acme, [alice])
    (notification,) = rows(acme)
    client.force_login(alice)
    client.post(open_url(notification))
    before = rows(acme)[0].read_at

    client.post(open_url(notification))

    assert rows(acme)[0].read_at == before


def test_looking_changes_nothing(client, acme, alice):
    tell(acme, [alice])
    client.force_login(alice)
    client.get(LIST)

    assert client.get(open_url(rows(acme)[0])).status_code == 405
    assert rows(acme)[0].read_at is None


def test_one_can_be_marked_read_alone_or_all_together(client, acme, alice):
    tell(acme, [alice])
    tell(acme, [alice], kind="digest")
    tell(acme, [alice], kind="posting_closed")
    first = rows(acme)[0]
    client.force_login(alice)

    client.post(READ, {"notification": first.pk})
    assert [row.kind for row in rows(acme, read_at=None)] == ["digest", "posting_closed"]
    client.post(READ)
    assert rows(acme, read_at=None) == []


@pytest.mark.parametrize("nonsense", ["x", "-1", "9" * 30])
def test_a_key_that_makes_no_sense_marks_nothing(client, acme, alice, nonsense):
    tell(acme, [alice])
    client.force_login(alice)

    assert client.post(READ, {"notification": nonsense}).status_code == 302
    assert len(rows(acme, read_at=None)) == 1


def test_a_colleagues_are_neither_seen_nor_marked_nor_opened(client, acme, alice, bob):
    tell(acme, [alice], title="For the admin")
    (notification,) = rows(acme)
    client.force_login(bob)

    assert b"For the admin" not in client.get(LIST).content
    assert client.post(open_url(notification)).status_code == 404
    client.post(READ)
    client.post(READ, {"notification": notification.pk})
    assert rows(acme)[0].read_at is None


def test_ones_own_in_another_company_stay_there(client, acme, globex, alice):
    make_membership(alice, globex)
    tell(globex, [alice], title="Of Globex")
    client.force_login(alice)

    assert b"Of Globex" not in client.get(LIST).content
    assert client.post(open_url(rows(globex)[0])).status_code == 404
    client.post(READ)
    assert rows(globex)[0].read_at is None


def test_the_bell_is_given_anew_only_when_its_number_changed(client, acme, alice):
    tell(acme, [alice])
    client.force_login(alice)

    assert client.get(BELL, {"shown": "1"}).status_code == 204
    assert 'aria-label="Notifications, 1 unread"' in client.get(BELL, {"shown": "0"}).content.decode()


def test_more_than_99_are_not_counted(client, acme, alice):
    for number in range(101):
        tell(acme, [alice], path=f"/{number}/")
    client.force_login(alice)

    assert "more than 99 unread" in client.get(BELL).content.decode()


def test_the_list_is_paged(client, acme, alice):
    for number in range(30):
        tell(acme, [alice], title=f"News {number:02}", path=f"/{number}/")
    client.force_login(alice)

    first = client.get(LIST)
    second = client.get(LIST + first.context["next_url"])

    assert [row.title for row in first.context["notifications"]] == [f"News {n:02}" for n in range(29, 4, -1)]
    assert [row.title for row in second.context["notifications"]] == [f"News {n:02}" for n in range(4, -1, -1)]


def test_somebody_whose_account_is_closed_is_not_told(acme, alice, bob):
    bob.is_active = False
    bob.save()
    with company_scope(acme):
        assert list(acme.members()) == [alice]
        assert list(acme.admins()) == [alice]
    assert tell(acme, [alice], path=timezone.now().isoformat()) == 1
