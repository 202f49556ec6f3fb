"""`manage.py exports`: what operators see and do, without seeing people."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from integrations.models import CandidateExport
from purposejobs.tenancy import company_scope
from tests.factories import make_candidate
from tests.integrations.rows import make_connection, make_export

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("exports", *arguments, stdout=out)
    return out.getvalue()


def states(company) -> list[str]:
    with company_scope(company):
        return list(CandidateExport.objects.order_by("pk").values_list("state", flat=True))


@pytest.fixture
def far(acme):
    return make_connection(acme, access_token="secret-token")


@pytest.fixture
def theirs(globex):
    return make_connection(globex)


def test_status_counts_by_company_and_state_and_names_nobody(far, theirs):
    two_hours_ago = timezone.now() - timedelta(hours=2)
    make_export(far, make_candidate("Kim Park"), requested_at=two_hours_ago)
    make_export(far, state="failed", failure_code="bad_request")
    make_export(far, state="sent")
    make_export(theirs, held_reason="posting_closed")

    text = run("status")

    rows = {line.split()[0]: line.split() for line in text.splitlines()}
    assert rows["acme"][1:] == [str(far.pk), "active", "1", "0", "0", "1", "1", "0", "2h", "bad_request:", "1"]
    assert rows["globex"][1:] == [str(theirs.pk), "active", "0", "1", "0", "0", "0", "0"]
    assert "Kim" not in text
    assert "secret-token" not in text


def test_status_says_what_is_lost_and_paused(acme, globex):
    make_connection(
        acme, state="needs_reconnect", lost_reason="grant_dead", state_changed_at=timezone.now() - timedelta(days=3)
    )
    make_connection(globex, paused_until=timezone.now() + timedelta(seconds=150))

    text = run("status")

    assert "lost 3d ago (grant_dead)" in text
    assert "paused for 2m" in text


@pytest.mark.parametrize("action", ["retry", "cancel", "requeue-stale"])
def test_nothing_is_changed_without_yes(acme, far, action):
    make_export(far, state="failed", failure_code="bad_request")
    make_export(
        far, state="sending", claim="5f0c7c5e-2f4b-4a50-9f3c-0a8f0f6a8c11", claimed_until=timezone.now() - timedelta(1)
    )

    text = run(action)

    assert f"acme, connection {far.pk}: 1 " in text
    assert "Nothing was changed: add --yes" in text
    assert states(acme) == ["failed", "sending"]


def test_retry_narrows_by_company_code_and_age(acme, globex, far, theirs):
    old = timezone.now() - timedelta(hours=3)
    make_export(far, state="failed", failure_code="bad_request", changed_at=old)
    make_export(far, state="failed", failure_code="bad_request")
    make_export(far, state="failed", failure_code="file_refused", changed_at=old)
    make_export(theirs, state="failed", failure_code="bad_request", changed_at=old)

    text = run("retry", "--company", "acme", "--code", "bad_request", "--older-than", "2h", "--yes")

    assert "1 in all. Done." in text
    assert states(acme) == ["waiting", "failed", "failed"]
    assert states(globex) == ["failed"]


def test_retry_leaves_what_belongs_to_an_ended_connection(acme):
    make_export(make_connection(acme, state="disconnected"), state="failed", failure_code="bad_request")

    assert run("retry", "--yes") == "Nothing to do.\n"
    assert states(acme) == ["failed"]


def test_cancel_puts_waiting_and_failed_ones_aside(acme, globex, far, theirs):
    for fields in ({}, {"state": "failed", "failure_code": "bad_request"}, {"state": "sent"}):
        make_export(far, **fields)
    make_export(theirs)

    run("cancel", "--connection", str(far.pk), "--yes")

    assert states(acme) == ["cancelled", "cancelled", "sent"]
    assert states(globex) == ["waiting"]


def test_requeue_stale_takes_back_what_a_dead_worker_held_to_be_looked_up_first(acme, far):
    claim = "5f0c7c5e-2f4b-4a50-9f3c-0a8f0f6a8c11"
    make_export(far, state="sending", claim=claim, claimed_until=timezone.now() - timedelta(seconds=1))

    run("requeue-stale", "--yes")

    with company_scope(acme):
        export = CandidateExport.objects.get()
    assert (export.state, export.look_first, export.claim) == ("waiting", True, None)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param([], "Say what to do: status, retry, cancel, requeue-stale.", id="nothing to do"),
        pytest.param(["dance"], "Say what to do: status, retry, cancel, requeue-stale.", id="an unknown act"),
        pytest.param(["status", "--company", "nobody"], "There is no connection of a company “nobody”.", id="company"),
        pytest.param(["status", "--connection", "0815"], "There is no connection 0815.", id="no such connection"),
        pytest.param(
            ["status", "--connection", "x"],
            "--connection is a number, as status prints it, not “x”.",
            id="a connection that is no number",
        ),
        pytest.param(
            ["retry", "--older-than", "yesterday"],
            "--older-than is a number with s, m, h or d, such as 30m, not “yesterday”.",
            id="an age",
        ),
        pytest.param(
            ["status", "--code", "bad_request"],
            "--code and --older-than choose what to retry or cancel; status takes neither.",
            id="a filter that does not fit",
        ),
        pytest.param(
            ["status", "--yes"], "status changes nothing, so there is nothing to say --yes to.", id="yes to nothing"
        ),
    ],
)
def test_wrong_input_gets_a_sentence(far, arguments, sentence):
    with pytest.raises(CommandError) as error:
        run(*arguments)

    assert str(error.value) == sentence


def test_an_unknown_code_is_answered_with_those_there_are(far):
    with pytest.raises(CommandError, match="There is no code “nonsense”; the codes are acting_user_invalid, "):
        run("retry", "--code", "nonsense")
