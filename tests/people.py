"""The people of the tests: alice runs Acme, bob recruits there, mallory runs Globex and wants in."""

import pytest


@pytest.fixture
def make(db):
    """Give the factories, imported only now: models cannot be imported while pytest loads its plugins."""
    from tests import factories

    return factories


@pytest.fixture
def one_ats(settings):
    """Leave one ATS to be connected: it lends its name while nothing is."""
    settings.ATS_PROVIDERS = {"lever": settings.ATS_PROVIDERS["lever"]}


@pytest.fixture
def acme(make):
    return make.make_company("Acme", "acme")


@pytest.fixture
def globex(make):
    return make.make_company("Globex", "globex")


@pytest.fixture
def alice(make, acme):
    return make.make_admin(acme, "Alice Adams", "alice@acme.example")


@pytest.fixture
def bob(make, acme):
    return make.make_recruiter(acme, "Bob Brown", "bob@acme.example")


@pytest.fixture
def mallory(make, globex):
    return make.make_admin(globex, "Mallory Malone", "mallory@globex.example")
