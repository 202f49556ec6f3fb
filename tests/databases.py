"""The test databases: made by the owner, used as the application's role too; and the test process's own Redis."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

PROJECT = Path(__file__).resolve().parent.parent
LOCK = 2_016_110_712  # of the processes that make test databases, one at a time


def schema_version() -> str:
    """Fingerprint of the code that makes the schema: with the same one a migrated database can be copied."""
    digest = hashlib.sha256()
    for app in ("accounts", "candidates", "integrations", "jobs", "purposejobs"):
        for path in sorted((PROJECT / app).rglob("*.py")):
            digest.update(path.read_bytes())
    digest.update((PROJECT / "requirements.txt").read_bytes())
    return digest.hexdigest()[:12]


@contextmanager
def owner_cursor() -> Iterator:
    """Speak to the server as the owner, from a database that no test uses, one process at a time."""
    import psycopg2

    url = urlsplit(os.environ["DATABASE_OWNER_URL"])
    connection = psycopg2.connect(url._replace(path="/postgres").geturl())
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            yield cursor
    finally:
        connection.close()


def drop_database(cursor, name: str) -> None:
    """Drop a database though somebody is connected to it.

    Without `WITH (FORCE)`, which the owner is denied while the server itself vacuums there; a plain DROP ends that.
    """
    cursor.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'",
        [name],
    )
    cursor.execute(f"DROP DATABASE IF EXISTS {name}")


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker):
    """
    Make this process's database as the owner, migrated; the alias `default` uses it as the application's role.

    The first process keeps a copy of what it migrated; the others, and later runs, copy that in a moment.
    """
    from django.core.management import call_command
    from django.db import connections

    name = connections["owner"].settings_dict["NAME"]
    assert name.startswith("test_") and connections["default"].settings_dict["NAME"] == name
    version = schema_version()
    template = f"test_template_{version}"
    with django_db_blocker.unblock(), owner_cursor() as cursor:
        drop_database(cursor, name)
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_template\\_%'")
        templates = {row[0] for row in cursor.fetchall()}
        if template in templates:
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        else:
            cursor.execute(f"CREATE DATABASE {name}")
            call_command("migrate", database="owner", verbosity=0, interactive=False)
            connections.close_all()
            for old in templates:
                drop_database(cursor, old)
            cursor.execute(f"CREATE DATABASE {template} TEMPLATE {name}")
    yield
    with django_db_blocker.unblock():
        connections.close_all()
        with owner_cursor() as cursor:
            drop_database(cursor, name)


@pytest.fixture(autouse=True)
def empty_redis():
    """Begin with an empty Redis; only Celery's map of queues stays, which running workers rely on."""
    import redis

    with redis.Redis.from_url(os.environ["REDIS_URL"]) as connection:
        keys = [key for key in connection.keys() if not key.startswith(b"_kombu.")]
        if keys:
            connection.delete(*keys)
