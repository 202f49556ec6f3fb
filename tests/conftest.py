"""
What every test stands on: real servers, one database and one Redis number per process, a closed network.

Started with `-n`, the first process starts the servers and the others use them. Row-level security is on: `default`
is the application's role, `owner` the owner's.
"""

import contextlib
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import responses

from purposejobs.local_stack import LOCAL, local_stack
from purposejobs.local_stack.environment import free_port, local_environment

PROJECT = Path(__file__).resolve().parent.parent
pytest_plugins = ["tests.databases", "tests.processes", "tests.browsers", "tests.people"]


def place() -> tuple[str, int]:
    """Say which of the test processes this is: a name, and a number from 1."""
    name = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return name, int(re.sub(r"\D", "", name) or 0) + 1


def with_path(url: str, path: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=path))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)  # set by importing the product; other processes must not inherit it
    options = config.option
    is_worker = hasattr(config, "workerinput")
    if not is_worker:
        if options.help or options.version or options.collectonly or options.markers or options.showfixtures:
            values = dict.fromkeys(("DATABASE_URL", "DATABASE_OWNER_URL"), "postgresql://none@/none?host=/nowhere")
            os.environ.update(values | {"REDIS_URL": "redis://127.0.0.1:1/0"})
        else:
            servers = contextlib.ExitStack()
            config.add_cleanup(servers.close)
            folder = LOCAL / "test"
            stack = servers.enter_context(local_stack(folder, throwaway=True, places=8))
            os.environ.update(stack.environment)
        if getattr(options, "numprocesses", None):
            return  # this process only hands out tests
    name, number = place()
    for variable in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        os.environ[variable] = with_path(os.environ[variable], f"/test_purposejobs_{name}")
    os.environ["REDIS_URL"] = with_path(os.environ["REDIS_URL"], f"/{number}")
    folder = Path(tempfile.mkdtemp(prefix="purposejobs-tests-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    ports = {"WEB_PORT": str(free_port()), "EMULATOR_PORT": str(free_port())}
    os.environ.update(local_environment(folder, {**ports, "FOLDER": str(folder)}))
    # The live server answers where the product believes to be.
    os.environ["DJANGO_LIVE_TEST_SERVER_ADDRESS"] = urlsplit(os.environ["PUBLIC_URL"]).netloc
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    sys.path[:0] = [] if str(PROJECT) in sys.path else [str(PROJECT)]
    import django

    django.setup()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each test that uses the database use both roles."""
    for item in items:
        marker = item.get_closest_marker("django_db")
        asks = {"db", "transactional_db", "live_server"} & set(getattr(item, "fixturenames", ()))
        if marker or asks:
            named = {"databases": ["default", "owner"]} | (marker.kwargs if marker else {})
            item.add_marker(pytest.mark.django_db(**named), append=False)
        if "lever_emulator" in item.path.parts:
            item.add_marker(pytest.mark.real_http)


@pytest.fixture(autouse=True)
def http(request: pytest.FixtureRequest):
    """Close the network: a call that a test did not register fails. `@pytest.mark.real_http` opens this machine."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as registered:
        if request.node.get_closest_marker("real_http"):
            for host in ("127.0.0.1", "localhost"):
                registered.add_passthru(f"http://{host}")
        yield registered
