"""Settings that make no sense stop the start with a sentence that names the variable."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]


def start(**changed: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if changed.get(name) != "unset"}
    environment |= {name: value for name, value in changed.items() if value != "unset"}
    command = [sys.executable, "-c", "import purposejobs.settings"]
    return subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param("SECRET_KEY", "unset", id="a missing secret"),
        pytest.param("FIELD_ENCRYPTION_KEYS", "not-a-key", id="a key that is none"),
        pytest.param("FIELD_ENCRYPTION_KEYS", " , ", id="no key at all"),
        pytest.param("DATABASE_URL", "mysql://localhost/jobs", id="another database"),
        pytest.param("EXPORT_RATE_PER_SECOND", "ten", id="a rate in words"),
        pytest.param("EXPORT_RATE_PER_SECOND", "-1", id="a negative rate"),
        pytest.param("EXPORT_BURST", "2", id="a burst too small for one candidate"),
        pytest.param("EXPORT_POOL_SIZE", "0", id="no call at once"),
        pytest.param("EXPORT_LOOK_DELAY_SECONDS", "5", id="looking before a late create has landed"),
        pytest.param("EXPORT_LEASE_SECONDS", "10", id="a lease shorter than its calls"),
        pytest.param("FOLLOW_RESERVE", "1", id="nothing left to follow with"),
        pytest.param("FOLLOW_CATCH_UP_SECONDS", "7200", id="catching up less often alone than beside webhooks"),
        pytest.param("FOLLOW_UNKNOWN_SECONDS", "10", id="deliveries dropped before our own create is recorded"),
        pytest.param("LEVER_ENVIRONMENT", "staging", id="an environment there is not"),
        pytest.param("DEBUG", "maybe", id="neither yes nor no"),
    ],
)
def test_the_start_is_stopped_by(name, value):
    started = start(**{name: value})

    assert started.returncode != 0
    last = started.stderr.strip().splitlines()[-1]
    assert last.startswith("django.core.exceptions.ImproperlyConfigured: ")
    assert name in last


def test_a_good_environment_starts():
    assert start().returncode == 0
