"""What people are told of connections and exports: once, in words, and never one per record."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db import connection as database
from django.db import transaction
from django.urls import reverse

from accounts import letters
from accounts.models import Letter, Notification
from integrations import actions, tasks
from integrations.actions import notices
from integrations.models import Connection
from integrations.providers import Tokens
from purposejobs.tenancy import company_scope
from tests.factories import make_company, make_job
from tests.integrations.rows import make_connection, make_export, make_link, make_posting

TOKENS = Tokens(access_token="a", refresh_token="r", expires_in=3600, account_id="account")
HOUR = datetime(2026, 5, 4, 6, tzinfo=UTC)


@pytest.fixture
def lever(acme, alice):
    return make_connection(acme, account_id="account", connected_at=HOUR - timedelta(days=9), connected_by=alice)


def delivered(company):
    letters.deliver(company.pk)
    found, mail.outbox = list(mail.outbox), []
    return found


def bell(company, **filters):
    with company_scope(company):
        return [(row.user.name, row.kind, row.title) for row in Notification.objects.filter(**filters).order_by("pk")]


def lose(connection):
    with company_scope(connection.company):
        actions.lose_connection(connection=connection, code="grant_dead")


def reconnect(connection, user):
    with company_scope(connection.company):
        actions.open_connection(company=connection.company, provider="lever", tokens=TOKENS, connected_by=user)


# -- Lost and back ----------------------------------------------------------------------------------------------------


def test_a_lost_connection_is_one_letter_to_admins_with_the_way_back(acme, alice, bob, lever):
    make_export(lever)
    lose(lever)
    lose(lever)

    (message,) = delivered(acme)
    assert message.to == ["alice@acme.example"]
    assert message.subject == "Acme: reconnect Lever"
    assert "One candidate is waiting; nobody is lost." in message.body
    assert "http://localhost" in message.body
    assert reverse("integration_list", args=["acme"]) in message.body
    assert bell(acme) == [("Alice Adams", "connection_lost", "Reconnect Lever")]


def test_recruiters_read_calmly_what_waits(client, acme, bob, lever):
    make_export(lever)
    make_export(lever)
    lose(lever)
    client.force_login(bob)

    page = client.get(reverse("job_list", args=["acme"])).content.decode()

    assert "Exports to Lever are paused; nothing is lost; 2 waiting." in page
    assert ">Reconnect</a>" not in page


def test_admins_read_what_to_do(client, acme, alice, lever):
    make_export(lever)
    lose(lever)
    client.force_login(alice)

    page = client.get(reverse("job_list", args=["acme"])).content.decode()

    assert "Lever must be reconnected." in page
    assert "1 waiting until then; nothing is lost." in page


def test_a_connection_that_is_back_is_one_letter_and_no_banner(client, acme, alice, lever):
    make_export(lever)
    lose(lever)
    delivered(acme)

    reconnect(lever, alice)

    (message,) = delivered(acme)
    assert message.subject == "Acme: Lever is connected again"
    assert "Alice Adams reconnected Acme's Lever account. One candidate was waiting and goes out now." in message.body
    assert bell(acme, read_at=None) == [("Alice Adams", "connection_back", "Lever is connected again")]
    client.force_login(alice)
    assert b"must be reconnected" not in client.get(reverse("job_list", args=["acme"])).content


def test_connecting_what_was_not_lost_is_no_news(acme, alice, lever):
    reconnect(lever, alice)

    assert delivered(acme) == []
    assert bell(acme) == []


def test_after_a_disconnection_nobody_is_asked_to_reconnect(acme, alice, lever):
    lose(lever)
    with company_scope(acme):
        actions.close_connection(connection=lever, closed_by=alice)

    assert bell(acme, read_at=None) == []


def test_another_connections_loss_is_told_beside_the_first(acme, alice, lever):
    other = make_connection(acme, provider="harbor")
    lose(lever)
    lose(other)
    reconnect(lever, alice)

    assert [title for _, _, title in bell(acme, read_at=None)] == [
        f"Reconnect {other.label}",
        "Lever is connected again",
    ]


def test_lost_again_after_it_was_back_is_told_again(acme, alice, lever):
    lose(lever)
    reconnect(lever, alice)
    with company_scope(acme):
        again = Connection.objects.select_related("company").get()
    lose(again)

    assert [message.subject for message in delivered(acme)] == [
        "Acme: reconnect Lever",
        "Acme: Lever is connected again",
        "Acme: reconnect Lever",
    ]


# -- The digest -------------------------------------------------------------------------------------------------------


def digest(connection, hour=HOUR):
    return notices.write_digest(connection.pk, hour)


def test_the_digest_counts_by_reason_with_words_and_links(acme, alice, bob, lever):
    posting = make_posting(lever)
    for _ in range(3):
        make_export(lever, state="failed", failure_code="file_too_large")
    make_export(lever, posting=posting, held_reason="posting_closed")
    make_export(lever, state="sent", follow_up="failed", follow_up_code="phone_refused")
    make_export(lever)
    make_export(lever, state="sent")
    make_export(lever, state="cancelled", cancelled_reason="dismissed")

    assert digest(lever)

    (message,) = delivered(acme)
    assert message.to == ["alice@acme.example"]
    assert message.subject == "Acme: 5 candidates need a person on the way to Lever"
    first, second, third = [line for line in message.body.splitlines() if " × " in line]
    assert first == "3 × The résumé is too large"
    assert {second, third} == {"1 × The posting is closed", "1 × Lever did not accept the phone number"}
    assert "Ask the candidate for a smaller file, then send again." in message.body
    assert "/c/acme/exports/?state=attention&code=file_too_large\n" in message.body
    assert "{" not in message.body
    assert [kind for _, kind, _ in bell(acme)] == ["digest"]


def test_nothing_to_tell_is_no_letter(acme, alice, lever):
    make_export(lever)
    make_export(lever, state="sent")

    assert not digest(lever)
    assert delivered(acme) == []
    assert bell(acme) == []


def test_a_day_has_one_digest_and_the_next_day_another(acme, alice, lever):
    make_export(lever, state="failed", failure_code="refused")

    assert [digest(lever), digest(lever), digest(lever, HOUR + timedelta(days=1))] == [True, False, True]
    assert len(delivered(acme)) == 2


def test_what_fails_later_in_the_day_waits_for_the_next_hour(acme, alice, lever):
    digest(lever)
    make_export(lever, state="failed", failure_code="refused")

    assert not digest(lever)
    assert digest(lever, HOUR + timedelta(days=1))


def test_a_digest_that_dies_half_way_is_written_by_the_next_run(acme, alice, lever):
    make_export(lever, state="failed", failure_code="refused")

    with transaction.atomic():
        assert digest(lever)
        transaction.set_rollback(True)
    with company_scope(acme):
        assert Connection.objects.get().digest_sent_on is None
        assert not Letter.objects.exists()

    assert digest(lever)
    assert len(delivered(acme)) == 1


def due(hour):
    with database.cursor() as cursor:
        cursor.execute("SELECT connections_to_digest(%s)", [hour.isoformat()])
        return {row[0] for row in cursor.fetchall()}


def test_the_way_in_names_those_that_stood_at_the_hour_and_are_not_done(acme, alice, lever, globex, make):
    done = make_connection(globex, digest_sent_on=HOUR.date(), connected_at=HOUR - timedelta(days=9))
    make_connection(make_company("Late"), connected_at=HOUR + timedelta(hours=1))
    make_connection(make_company("Over"), state="disconnected", connected_at=HOUR - timedelta(days=9))

    assert due(HOUR) == {lever.pk}
    assert due(HOUR + timedelta(days=1)) >= {lever.pk, done.pk}


def test_the_task_writes_each_companys_own(settings, acme, alice, globex, mallory, lever):
    settings.DIGEST_HOUR = 0
    other = make_connection(globex, connected_at=HOUR)
    make_export(lever, state="failed", failure_code="refused")
    make_export(other, state="failed", failure_code="no_email")

    tasks.digests()
    tasks.digests()

    assert [message.to for message in delivered(acme)] == [["alice@acme.example"]]
    (message,) = delivered(globex)
    assert message.to == ["mallory@globex.example"]
    assert "No e-mail address" in message.body
    assert "Acme" not in message.body


@pytest.mark.parametrize(
    ("now", "hour"),
    [
        ("2026-05-04T05:59:59+00:00", None),
        ("2026-05-04T06:00:00+00:00", HOUR),
        ("2026-05-04T23:59:59+00:00", HOUR),
        ("2026-05-05T01:30:00+03:00", HOUR),
    ],
)
def test_the_hour_is_one_of_the_day_in_utc(settings, now, hour):
    settings.DIGEST_HOUR = 6

    assert notices.digest_hour(datetime.fromisoformat(now)) == hour


# -- In the application only ------------------------------------------------------------------------------------------


def test_a_closed_posting_is_told_where_applicants_wait(acme, alice, bob, lever):
    posting = make_posting(lever, "Baker", is_open=False, state="Closed")
    waited, idle = make_link(posting, make_job(acme, "Baker")), make_link(posting, make_job(acme, "Miller"))
    make_export(lever, posting=posting, job=waited.job, held_reason="posting_closed")
    with company_scope(acme):
        assert notices.tell_posting_closed([waited, idle]) == 1

    assert bell(acme) == [
        (name, "posting_closed", "The posting of Baker is closed in Lever") for name in ("Alice Adams", "Bob Brown")
    ]
    with company_scope(acme):
        notification = Notification.objects.first()
    assert notification.text == "1 applicant waits. Reopen it there, or connect the job with another posting."
    assert notification.path == reverse("job_edit", args=["acme", waited.job_id])
    assert delivered(acme) == []


def test_an_imported_job_that_differs_is_told_once(acme, alice, bob, lever):
    link = make_link(make_posting(lever, "Baker"))
    with company_scope(acme):
        notices.tell_job_differs(link)
        notices.tell_job_differs(link)

    assert [title for _, _, title in bell(acme)] == ["Baker was changed in Lever"] * 2
    assert delivered(acme) == []


def test_a_hundred_failures_ring_no_bell(acme, alice, lever):
    for _ in range(100):
        make_export(lever, state="failed", failure_code="refused")

    assert bell(acme) == []
    assert delivered(acme) == []
