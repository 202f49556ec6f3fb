"""Our webhooks at Lever: each event once, and a signing token for each."""

import json

import pytest

from integrations.errors import AccessExpired, Rejected, TryLater
from tests.integrations.lever.ada import API

URL = "https://purpose.example/integrations/lever/hooks/unguessable/"
HOOKS = f"{API}/webhooks"
LISTED = f"{HOOKS}?limit=100"
EVENTS = ["candidateStageChange", "candidateArchiveChange", "candidateHired", "candidateDeleted"]
ALL_ORIGINS = {"conditions": {"origins": ["agency", "applied", "internal", "referred", "sourced", "university"]}}
KEPT = {event: {"id": f"hook-{event}", "token": f"token-{event}"} for event in EVENTS}


@pytest.fixture
def provider():
    from integrations.lever import provider

    return provider


def hook(event, *, key=None, url=URL):
    return {"id": key or f"hook-{event}", "event": event, "url": url, "configuration": {}, "createdAt": 1}


def lists(http, *hooks):
    # As it was seen live: no `hasNext` at all, and no signing tokens.
    http.get(LISTED, json={"data": list(hooks)})


def makes(http, *, shape=lambda data: data):
    """Let each webhook be made, with an id and a token that say for which event."""

    def make(request):
        body = json.loads(request.body)
        configuration = body.get("configuration", {}) | {"signatureToken": f"token-{body['event']}"}
        data = {"id": f"hook-{body['event']}", **body, "configuration": configuration}
        return 201, {}, json.dumps({"data": shape(data)})

    http.add_callback("POST", HOOKS, make)


def takes_away(http, *keys):
    for key in keys:
        http.delete(f"{HOOKS}/{key}", status=204)


def asked(http):
    return [(call.request.method, call.request.url.removeprefix(API)) for call in http.calls]


def test_each_event_is_asked_for_whatever_the_origin(http, provider, lever):
    lists(http)
    makes(http)
    kept = provider.subscribe(lever, URL, "")
    assert json.loads(kept) == KEPT
    bodies = [json.loads(call.request.body) for call in http.calls if call.request.method == "POST"]
    assert bodies == [
        {"url": URL, "event": "candidateStageChange", "configuration": ALL_ORIGINS},
        {"url": URL, "event": "candidateArchiveChange", "configuration": ALL_ORIGINS},
        {"url": URL, "event": "candidateHired", "configuration": ALL_ORIGINS},
        {"url": URL, "event": "candidateDeleted"},
    ]


def test_an_answer_in_another_data_will_do(http, provider, lever):
    lists(http)
    makes(http, shape=lambda data: {"data": data})
    assert json.loads(provider.subscribe(lever, URL, "")) == KEPT


def test_what_is_there_is_not_made_twice(http, provider, lever):
    lists(http, *map(hook, EVENTS))
    assert json.loads(provider.subscribe(lever, URL, json.dumps(KEPT))) == KEPT
    assert asked(http) == [("GET", "/webhooks?limit=100")]


def test_what_is_missing_is_made(http, provider, lever):
    lists(http, *map(hook, EVENTS[1:]))
    makes(http)
    kept = KEPT | {"candidateStageChange": {"id": "gone", "token": "old"}}
    assert json.loads(provider.subscribe(lever, URL, json.dumps(kept))) == KEPT
    assert asked(http) == [("GET", "/webhooks?limit=100"), ("POST", "/webhooks")]


@pytest.mark.parametrize("kept", ["", "{", "[]", '{"candidateHired": {"id": "hook-candidateHired"}}'])
def test_one_whose_token_is_lost_is_made_anew(http, provider, lever, kept):
    lists(http, hook("candidateHired"))
    takes_away(http, "hook-candidateHired")
    makes(http)
    assert json.loads(provider.subscribe(lever, URL, kept)) == KEPT
    assert asked(http)[:2] == [("GET", "/webhooks?limit=100"), ("DELETE", "/webhooks/hook-candidateHired")]
    assert len(http.calls) == 6


def test_doubles_and_events_we_no_longer_want_are_taken_away(http, provider, lever):
    double, unwanted = hook("candidateHired", key="double"), hook("contactUpdated", key="unwanted")
    lists(http, *map(hook, EVENTS), double, unwanted)
    takes_away(http, "double", "unwanted")
    assert json.loads(provider.subscribe(lever, URL, json.dumps(KEPT))) == KEPT
    assert asked(http)[1:] == [("DELETE", "/webhooks/double"), ("DELETE", "/webhooks/unwanted")]


def test_other_peoples_webhooks_are_left_alone(http, provider, lever):
    lists(http, *map(hook, EVENTS), hook("candidateHired", key="other", url="https://other.example/"))
    provider.subscribe(lever, URL, json.dumps(KEPT))
    assert len(http.calls) == 1


def test_ours_to_an_address_we_left_are_made_anew(http, provider, lever):
    lists(http, *[hook(event, key=f"old-{event}", url="https://old.example/") for event in EVENTS])
    takes_away(http, *[f"old-{event}" for event in EVENTS])
    makes(http)
    kept = {event: {"id": f"old-{event}", "token": "old"} for event in EVENTS}
    assert json.loads(provider.subscribe(lever, URL, json.dumps(kept))) == KEPT
    assert [method for method, _ in asked(http)] == ["GET"] + ["DELETE"] * 4 + ["POST"] * 4


def test_after_a_call_without_an_answer_nothing_is_there_twice(http, provider, lever):
    lists(http)
    http.post(HOOKS, status=503)
    with pytest.raises(TryLater) as caught:
        provider.subscribe(lever, URL, "")
    assert caught.value.unknown is True
    # It was made all the same, and its token is not known.
    http.replace("GET", LISTED, json={"data": [hook("candidateStageChange", key="made-unheard")]})
    http.remove("POST", HOOKS)
    takes_away(http, "made-unheard")
    makes(http)
    assert json.loads(provider.subscribe(lever, URL, "")) == KEPT
    assert ("DELETE", "/webhooks/made-unheard") in asked(http)


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_an_account_without_webhooks_says_so(http, provider, lever, status):
    http.get(LISTED, status=status, json={"code": "ForbiddenError", "message": "no"})
    with pytest.raises(Rejected) as caught:
        provider.subscribe(lever, URL, "")
    assert (caught.value.code, caught.value.parameters["status"]) == ("webhooks_refused", status)
    with pytest.raises(Rejected, match="webhooks_refused"):
        provider.is_subscribed(lever, URL, json.dumps(KEPT))


def test_an_address_that_lever_does_not_take_is_a_refusal(http, provider, lever):
    lists(http)
    http.post(HOOKS, status=400, json={"code": "BadRequestError", "message": "Invalid field url"})
    with pytest.raises(Rejected, match="webhooks_refused"):
        provider.subscribe(lever, "http://localhost/hook/", "")


def test_a_webhook_that_signs_nothing_is_none(http, provider, lever):
    lists(http)
    http.post(HOOKS, status=201, json={"data": hook("candidateStageChange", key="unsigned")})
    takes_away(http, "unsigned")
    with pytest.raises(Rejected, match="webhooks_refused"):
        provider.subscribe(lever, URL, "")
    assert asked(http)[-1] == ("DELETE", "/webhooks/unsigned")


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": []}, {"data": {}}, {"data": {"id": 7}}])
def test_an_answer_that_is_not_understood_is_unclear(http, provider, lever, body):
    lists(http)
    http.post(HOOKS, status=201, json=body)
    with pytest.raises(TryLater) as caught:
        provider.subscribe(lever, URL, "")
    assert (caught.value.code, caught.value.unknown) == ("unclear", True)


def test_a_busy_lever_is_tried_later(http, provider, lever):
    http.get(LISTED, status=429)
    with pytest.raises(TryLater, match="busy"):
        provider.subscribe(lever, URL, "")
    with pytest.raises(TryLater, match="busy"):
        provider.is_subscribed(lever, URL, "")


def test_all_are_taken_away_and_those_that_are_gone_are_well(http, provider, lever):
    takes_away(http, "hook-candidateStageChange", "hook-candidateHired", "hook-candidateDeleted")
    missing = {"code": "ResourceNotFound", "message": "webhooks hook was not found"}
    http.delete(f"{HOOKS}/hook-candidateArchiveChange", status=404, json=missing)
    provider.unsubscribe(lever, json.dumps(KEPT))
    assert len(http.calls) == 4
    assert all("Content-Type" not in call.request.headers for call in http.calls)


def test_one_that_cannot_be_taken_away_keeps_none_of_the_others(http, provider, lever):
    takes_away(http, "hook-candidateArchiveChange", "hook-candidateHired", "hook-candidateDeleted")
    http.delete(f"{HOOKS}/hook-candidateStageChange", status=403)
    with pytest.raises(Rejected):
        provider.unsubscribe(lever, json.dumps(KEPT))
    assert len(http.calls) == 4


def test_a_grant_that_ended_takes_nothing_away(http, provider, lever):
    http.delete(f"{HOOKS}/hook-candidateStageChange", status=401)
    with pytest.raises(AccessExpired):
        provider.unsubscribe(lever, json.dumps(KEPT))


@pytest.mark.parametrize("kept", ["", "{}", "nonsense"])
def test_where_nothing_was_made_nothing_is_taken_away(http, provider, lever, kept):
    provider.unsubscribe(lever, kept)
    assert len(http.calls) == 0


@pytest.mark.parametrize(
    ("hooks", "kept", "is_subscribed"),
    [
        ([hook(event) for event in EVENTS], KEPT, True),
        ([hook(event) for event in EVENTS[:3]], KEPT, False),
        ([hook(event, url="https://old.example/") for event in EVENTS], KEPT, False),
        ([hook(event, key="other") for event in EVENTS], KEPT, False),
        ([hook(event) for event in EVENTS], {}, False),
        ([], KEPT, False),
    ],
    ids=["all there", "one missing", "another address", "other ones", "tokens lost", "none"],
)
def test_whether_all_are_there_is_known(http, provider, lever, hooks, kept, is_subscribed):
    lists(http, *hooks)
    assert provider.is_subscribed(lever, URL, json.dumps(kept)) is is_subscribed


def test_a_delivery_is_checked_with_its_own_events_token_first():
    from integrations.lever.subscriptions import signing_tokens

    tokens = signing_tokens(json.dumps(KEPT), "candidateHired")
    assert tokens[0] == "token-candidateHired"
    assert sorted(tokens) == sorted(f"token-{event}" for event in EVENTS)
    assert signing_tokens("", "candidateHired") == []
