"""Promises of the embedded servers. They run in folders of their own, beside those of the test run."""

import psycopg2


def test_nothing():
    assert psycopg2
