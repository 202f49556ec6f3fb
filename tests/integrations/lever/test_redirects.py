"""Accounts in the EU may be answered with a redirect: it is followed to Lever's own hosts only."""

import pytest

from integrations.errors import TryLater
from tests.integrations.lever.ada import API

CHECK = f"{API}/stages?limit=1"
EU = "https://api.eu.lever.co/v1/stages?limit=1"


def test_a_redirect_to_another_of_levers_hosts_takes_the_token_along(http, lever, answer):
    from integrations.lever import provider

    http.get(CHECK, status=301, headers={"Location": EU})
    http.get(EU, json=answer("stages_listed"))
    provider.check(lever)
    assert [call.request.url for call in http.calls] == [CHECK, EU]
    assert http.calls[1].request.headers["Authorization"] == "Bearer access-token"


@pytest.mark.parametrize(
    "location",
    [
        "https://lever.co.evil.example/v1/stages",
        "https://evillever.co/v1/stages",
        "http://api.eu.lever.co/v1/stages",
        "https://evil.example/api.lever.co",
        "",
    ],
)
def test_nobody_else_gets_to_see_the_token(http, lever, location):
    from integrations.lever import provider

    http.get(CHECK, status=301, headers={"Location": location})
    with pytest.raises(TryLater, match="redirected"):
        provider.check(lever)
    assert len(http.calls) == 1


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_redirect_that_is_not_for_good_is_not_followed(http, lever, status):
    from integrations.lever import provider

    http.get(CHECK, status=status, headers={"Location": EU})
    with pytest.raises(TryLater, match="redirected"):
        provider.check(lever)
    assert len(http.calls) == 1
