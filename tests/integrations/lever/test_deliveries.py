"""Reading what webhooks deliver: every right delivery, and nothing that cannot be one."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integrations.lever.contract import read

VECTORS = read("webhook_vectors")
KEY = VECTORS["signatureToken"]
GOOD = VECTORS["valid"][0]
ADA = "971a19f6-a066-5259-abec-f263c6838d15"
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def read_delivery(body):
    from integrations.lever import deliveries

    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return deliveries.read_delivery(content)


def not_a_delivery():
    from integrations.lever.deliveries import NotADelivery

    return NotADelivery


def is_signed(delivery, *keys):
    from integrations.lever import subscriptions

    return subscriptions.is_signed(delivery.token, delivery.triggered_ms, delivery.signature, keys)


@pytest.mark.parametrize("body", VECTORS["valid"], ids=lambda body: body["event"])
def test_a_right_signature_is_right(body):
    assert is_signed(read_delivery(body), KEY)
    assert is_signed(read_delivery(body), "another", KEY, "a third")


@pytest.mark.parametrize("body", VECTORS["invalid"], ids=["made up", "another time"])
def test_a_wrong_signature_is_wrong(body):
    assert not is_signed(read_delivery(body), KEY)


@pytest.mark.parametrize(
    "change",
    [
        {"token": GOOD["token"][:-1]},
        {"triggeredAt": GOOD["triggeredAt"] + 1},
        {"signature": GOOD["signature"].upper()},
        {"signature": GOOD["signature"][:-1]},
        {"signature": "ü" * 64},
    ],
    ids=["another token", "another time", "capitals", "shorter", "letters"],
)
def test_what_is_nearly_right_is_wrong(change):
    assert not is_signed(read_delivery(GOOD | change), KEY)


def test_digits_that_move_from_the_time_to_the_token_do_not_make_a_new_delivery():
    # Nothing stands between the two in what is signed: the same signature fits, and the time gives it away.
    moved = read_delivery(GOOD | {"token": f"{GOOD['token']}1", "triggeredAt": 767225600000})
    assert is_signed(moved, KEY)
    assert not moved.is_timely(NEW_YEAR)


def test_without_a_token_of_ours_nothing_is_right():
    assert not is_signed(read_delivery(GOOD))
    assert not is_signed(read_delivery(GOOD), "")


def test_a_delivery_says_whom_to_look_at():
    delivery = read_delivery(GOOD)
    assert (delivery.event, delivery.opportunity_id, delivery.is_test) == ("candidateStageChange", ADA, False)
    assert delivery.triggered_at == NEW_YEAR
    assert delivery.body == GOOD
    assert GOOD["signature"] not in repr(delivery)


def test_the_settings_pages_test_is_about_nobody():
    delivery = read_delivery(VECTORS["valid"][-1])
    assert (delivery.event, delivery.opportunity_id, delivery.is_test) == ("candidateHired", "", True)


@pytest.mark.parametrize(
    ("data", "opportunity"),
    [
        ({"candidateId": ADA}, ADA),
        ({"opportunityId": None, "candidateId": ADA}, ADA),
        ({"opportunityId": ADA, "candidateId": "other"}, ADA),
        ({"contactId": "934d2b18"}, ""),
        ({"opportunityId": 7}, ""),
        ({"opportunityId": {"id": ADA}}, ""),
        ({"opportunityId": "x" * 81}, ""),
    ],
)
def test_a_delivery_is_about_an_opportunity_or_about_none(data, opportunity):
    delivery = read_delivery(GOOD | {"data": data})
    assert (delivery.opportunity_id, delivery.is_test) == (opportunity, False)


@pytest.mark.parametrize(
    ("now", "is_timely"),
    [
        (NEW_YEAR, True),
        (NEW_YEAR + timedelta(days=14, hours=20), True),
        (NEW_YEAR + timedelta(days=16), False),
        (NEW_YEAR - timedelta(minutes=9), True),
        (NEW_YEAR - timedelta(minutes=11), False),
    ],
    ids=["now", "rerun after two weeks", "replayed later", "clocks differ", "of the future"],
)
def test_what_is_too_old_or_of_the_future_is_not_lever_s(now, is_timely):
    assert read_delivery(GOOD).is_timely(now) is is_timely


def without(name):
    return {key: value for key, value in GOOD.items() if key != name}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"delivery"',
        b"NaN",
        json.dumps(GOOD).encode("utf-16"),
        json.dumps(GOOD).encode()[:-1],
        json.dumps(GOOD).encode() + b"x",
        json.dumps(GOOD).replace(str(GOOD["triggeredAt"]), "1e400").encode(),
        json.dumps(GOOD | {"data": {"a": "Z"}}).replace('"Z"', "NaN").encode(),
        json.dumps(GOOD | {"data": {"a": "Z"}}).replace('"Z"', "-Infinity").encode(),
        json.dumps(GOOD | {"data": {"a": "Z"}}).replace('"Z"', "1e999").encode(),
        json.dumps(GOOD | {"data": {"a": "Z"}}).replace('"Z"', "9" * 5000).encode(),
        json.dumps(GOOD | {"data": {"a": "Z"}}).replace('"Z"', "[" * 30000 + "]" * 30000).encode(),
        GOOD | {"data": {"a": "\x00"}},
        GOOD | {"data": {"\x00": 1}},
        GOOD | {"data": {"a": "\ud800"}},
        GOOD | {"data": "about Ada"},
        GOOD | {"data": [ADA]},
        GOOD | {"triggeredAt": str(GOOD["triggeredAt"])},
        GOOD | {"triggeredAt": float(GOOD["triggeredAt"])},
        GOOD | {"triggeredAt": True},
        GOOD | {"triggeredAt": None},
        GOOD | {"token": ""},
        GOOD | {"token": "x" * 121},
        GOOD | {"token": 7},
        GOOD | {"event": ""},
        GOOD | {"event": "x" * 61},
        GOOD | {"event": ["candidateHired"]},
        GOOD | {"signature": ""},
        GOOD | {"signature": None},
        GOOD | {"signature": "x" * 201},
        without("token"),
        without("event"),
        without("signature"),
        without("triggeredAt"),
    ],
)
def test_what_cannot_be_a_delivery_is_none(body):
    with pytest.raises(not_a_delivery()):
        read_delivery(body)


@pytest.mark.parametrize("triggered_at", [0, -1, 10**25, -(10**25)])
def test_a_time_that_makes_no_sense_is_not_timely(triggered_at):
    assert not read_delivery(GOOD | {"triggeredAt": triggered_at}).is_timely(NEW_YEAR)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=5).map(repr),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=15,
)
names = st.sampled_from(["id", "token", "event", "signature", "triggeredAt", "data"])
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@patient
@given(st.dictionaries(names, anything), st.booleans())
def test_whatever_comes_is_read_or_refused(changes, whole):
    body = GOOD | changes if whole else changes
    try:
        delivery = read_delivery(json.dumps(body).encode())
    except not_a_delivery():
        return
    signed = ["token", "triggeredAt", "signature"]
    assert is_signed(delivery, KEY) is ([body.get(name) for name in signed] == [GOOD[name] for name in signed])
    assert delivery.is_timely(NEW_YEAR) in (True, False)


@patient
@given(st.binary(max_size=300))
def test_bytes_are_read_or_refused(content):
    with pytest.raises(not_a_delivery()):
        read_delivery(content)
