"""One emulator per test process, a fresh account per test."""

import pytest

from tests.lever_emulator.client import Lever, Server, Visitor
from tests.lever_emulator.receiver import Receiver

ACME_POSTINGS = [
    {
        "text": "Backend Engineer",
        "department": "Engineering",
        "team": "Platform",
        "locations": ["Berlin", "Lisbon"],
        "commitment": "Full-time",
    },
    {"text": "Data Scientist", "department": "Engineering", "team": "Data", "location": "Remote"},
    {"text": "Chief Financial Officer", "location": "Berlin", "confidentiality": "confidential"},
    {"text": "Support Specialist", "state": "closed"},
    {"text": "Designer", "state": "draft"},
]


@pytest.fixture(scope="session")
def server():
    running = Server("--no-rate-limit")
    yield running
    running.stop()


@pytest.fixture
def lever(server):
    account = server.control("POST", "/accounts", name="Acme", postings=ACME_POSTINGS)
    made = Lever(server, account)
    made.http.trust_env = False
    made.token = made.new_token()["access_token"]
    yield made
    server.control("DELETE", "/faults")
    server.control("DELETE", "/deliveries")


@pytest.fixture
def northwind(server):
    """The account of seed.json, as it is after a reset."""
    account = server.control("POST", "/reset")["accounts"][0]
    made = Lever(server, server.control("GET", f"/accounts/{account['id']}"))
    made.http.trust_env = False
    made.token = made.new_token()["access_token"]
    return made


@pytest.fixture
def visitor(server):
    return Visitor(server)


@pytest.fixture
def receiver():
    """The partner's end of the webhooks."""
    made = Receiver()
    yield made
    made.stop()
