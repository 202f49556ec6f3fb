"""Fixtures of the integrations' tests."""

import pytest


@pytest.fixture
def ats(emulator):
    """The far side, seen through the emulator's own control."""
    from tests.integrations.connected import Ats

    # The tests fill our bucket by hand; theirs must not know better.
    emulator.control("POST", "/switches", rate=None)
    return Ats(emulator)


@pytest.fixture
def connection(ats, acme, alice):
    """Acme's connection to Northwind, with its postings, users and stages copied."""
    from tests.integrations.connected import connect

    return connect(ats, acme, alice)


@pytest.fixture
def linked_job(connection, acme, alice):
    """A job of Acme's, connected with the posting of the same title."""
    from tests.integrations.connected import link

    return link(acme, alice)
