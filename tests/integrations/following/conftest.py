"""Fixtures of following: a far side that remembers, and a company connected to it."""

import pytest


@pytest.fixture
def far(monkeypatch, settings, db):
    from tests.integrations.far_side import FarSide

    far = FarSide("account-1", ["posting-1"], late_seconds=1)
    far.register(monkeypatch, settings)
    settings.ROOT_URLCONF = "tests.integrations.following.urls"
    return far


@pytest.fixture
def acmes(far, acme, alice):
    """Acme's connection, its webhooks asked for and the first catch-up done."""
    from tests.integrations.following.followed import Followed

    acmes = Followed(far, acme, alice)
    acmes.follow()
    far.pages.clear()
    far.reads.clear()
    return acmes
