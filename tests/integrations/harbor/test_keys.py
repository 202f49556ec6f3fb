"""What an ATS with a key and no OAuth asked of the rest: a key has no end, and is forgotten like a grant."""

from datetime import timedelta

import pytest

from integrations import actions, draining
from integrations.errors import ConnectionLost
from integrations.grants import usable_token
from integrations.models import CandidateExport, Connection
from integrations.providers import Tokens
from integrations.queries import candidate_marks
from purposejobs.tenancy import company_scope, keys_from
from tests.factories import make_candidate
from tests.integrations.connected import fill_bucket
from tests.integrations.harbor import contract
from tests.integrations.rows import make_account_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(acme, alice):
    tokens = Tokens(access_token="harbor-key", refresh_token="", expires_in=None)
    with company_scope(acme):
        return actions.open_connection(company=acme, provider="harbor", tokens=tokens, connected_by=alice)


def test_a_key_has_no_end(connection):
    assert usable_token(connection, lasts=timedelta(days=3650)) == "harbor-key"


def test_a_key_that_is_refused_asks_for_a_new_one(connection, acme):
    with pytest.raises(ConnectionLost):
        usable_token(connection, lasts=timedelta(seconds=1), refused="harbor-key")
    with company_scope(acme):
        assert Connection.objects.get().needs_reconnect


def test_after_a_disconnection_the_key_is_forgotten_though_the_nudge_was_lost(connection, acme, alice):
    with company_scope(acme):
        actions.close_connection(connection=connection, closed_by=alice)
    assert keys_from("connections_with_work") == [connection.pk]

    draining.drain(connection.pk)

    with company_scope(acme):
        assert Connection.objects.get().access_token == ""
    assert keys_from("connections_with_work") == []


def test_an_export_carries_the_key_of_its_row_so_that_twice_is_once(connection, acme, alice, http):
    contract.creates(http)
    person = make_candidate("Ada Quill", is_discoverable=True)
    with company_scope(acme):
        Connection.objects.update(acting_user_id="m-1")
        make_account_user(connection, external_id="m-1")
        actions.send_candidates(company=acme, candidates=[person], job=None, requested_by=alice)
    fill_bucket(connection)
    draining.drain(connection.pk)

    with company_scope(acme):
        export = CandidateExport.objects.get()
        assert (export.state, export.external_id, export.external_url) == ("sent", "person-1", contract.PERSON["link"])
        assert candidate_marks(acme, [person.pk])[person.pk][0].word == "In Harbor"
    assert http.calls[0].request.headers["Idempotency-Key"] == f"purpose-jobs-{export.pk}"
