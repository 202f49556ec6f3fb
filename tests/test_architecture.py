"""The walls of the house: who may import whom, where a vendor's name may stand, and what pages must not hold."""

import ast
import re
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import URLPattern, get_resolver

from integrations.providers import folder

PROJECT = Path(__file__).resolve().parent.parent
# From below to above: an app imports what stands before it.
APPS = ["accounts", "jobs", "candidates", "integrations"]
DOORS = {"integrations.actions", "integrations.queries"}
ATS_FOLDERS = [folder(slug) for slug in settings.ATS_PROVIDERS]
# Where a vendor may be named, and every app be known: settings, demo data, smoke.
KNOWS_ALL = re.compile(r"purposejobs/(settings\.py|demo|smoke|management/commands/)")


def sources(*folders):
    """Give the product's own modules below some folders, as paths from the project's root."""
    paths = (path.relative_to(PROJECT) for folder in folders for path in (PROJECT / folder).rglob("*.py"))
    return sorted(path for path in paths if "migrations" not in path.parts)


def is_in(module, packages):
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def module_of(path):
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def exists(module):
    place = PROJECT.joinpath(*module.split("."))
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


def imports_of(path):
    """Give every module that a file imports, wherever in it: of `from a import b` that is a.b where b is a module."""
    found = set()
    for node in ast.walk(ast.parse((PROJECT / path).read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if exists(inner) else node.module)
    return found


def broken(files, is_allowed):
    """List what a file imports that it may not."""
    return [f"{path} → {name}" for path in files for name in sorted(imports_of(path)) if not is_allowed(path, name)]


def ours(name):
    return name.split(".")[0] in {*APPS, "purposejobs", "lever_emulator", "tests", "benchmarks"}


@pytest.mark.parametrize("app", APPS)
def test_models_never_look_upward(app):
    files = [path for path in sources(app) if "models" in path.parts or path.name == "models.py"]
    above = APPS[APPS.index(app) + 1 :] + ATS_FOLDERS

    assert files
    assert broken(files, lambda path, name: not is_in(name, above)) == []


@pytest.mark.parametrize("app", APPS[:-1])
def test_an_app_reaches_those_below_and_the_two_doors(app):
    above = APPS[APPS.index(app) + 1 :]

    def is_allowed(path, name):
        return not is_in(name, above) or is_in(name, DOORS) and path.name != "models.py"

    assert broken(sources(app), is_allowed) == []


def test_the_ground_floor_knows_no_app():
    files = [path for path in sources("purposejobs") if not KNOWS_ALL.match(str(path))]

    assert broken(files, lambda path, name: not is_in(name, APPS)) == []


def test_integrations_know_no_ats_by_name():
    files = [path for path in sources("integrations") if not is_in(module_of(path), ATS_FOLDERS)]

    assert broken(files, lambda path, name: not is_in(name, ATS_FOLDERS)) == []


def test_nobody_but_its_own_folder_imports_an_ats():
    files = [path for path in sources(*APPS, "purposejobs") if not KNOWS_ALL.match(str(path))]
    files = [path for path in files if not is_in(module_of(path), ATS_FOLDERS)]

    assert broken(files, lambda path, name: not is_in(name, ATS_FOLDERS)) == []


def test_a_vendors_name_stands_only_in_its_folder_settings_demo_data_and_smoke():
    words = re.compile(rf"\b({'|'.join(settings.ATS_PROVIDERS)})", re.IGNORECASE)
    files = [path for path in sources(*APPS, "purposejobs") if not is_in(module_of(path), ATS_FOLDERS)]
    files = [path for path in files if not KNOWS_ALL.match(str(path))]
    pages = [
        path.relative_to(PROJECT)
        for path in (PROJECT / "templates").rglob("*.*")
        if path.relative_to(PROJECT / "templates").parts[0] not in settings.ATS_PROVIDERS
    ]

    named = [str(path) for path in [*files, *pages] if words.search((PROJECT / path).read_text())]

    assert named == []


@pytest.mark.parametrize("slug", settings.ATS_PROVIDERS)
def test_a_client_is_http_and_nothing_else(slug):
    place = PROJECT.joinpath(*folder(slug).split("."))
    files = [path.relative_to(PROJECT) for path in place.rglob("*.py") if "client" in path.relative_to(place).parts[0]]
    # urllib3 is what requests stands on: deadlines and retries are set there.
    allowed = ["integrations.errors", "integrations.http", "requests", "urllib3", f"{folder(slug)}.client"]

    def is_allowed(path, name):
        return is_in(name, allowed) or name.split(".")[0] in sys.stdlib_module_names

    assert files
    assert broken(files, is_allowed) == []


def test_what_the_clients_share_is_http_and_nothing_else():
    files = [Path("integrations/http.py"), Path("integrations/deadlines.py")]
    allowed = ["integrations.errors", "integrations.deadlines", "requests", "urllib3"]

    def is_allowed(path, name):
        return is_in(name, allowed) or name.split(".")[0] in sys.stdlib_module_names

    assert broken(files, is_allowed) == []


def test_the_emulator_and_the_product_meet_over_http_only():
    assert broken(sources("lever_emulator"), lambda path, name: not ours(name) or is_in(name, ["lever_emulator"])) == []
    assert broken(sources(*APPS, "purposejobs", "tests"), lambda path, name: not is_in(name, ["lever_emulator"])) == []


def views(resolver=None):
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield entry.name, entry.callback
        else:
            yield from views(entry)


def test_every_view_says_who_may_see_it():
    unmarked = [
        name
        for name, view in views()
        if view.__module__.split(".")[0] in APPS
        and getattr(view, "access", None) not in {"public", "signed_in", "company_member", "company_admin"}
    ]

    assert unmarked == []


# Of a page: what the Content-Security-Policy would refuse, and comments that readers of the source would see.
FORBIDDEN = {
    "inline style": re.compile(r"<style|\sstyle\s*=", re.IGNORECASE),
    "inline script": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "handler in the page": re.compile(r"<[^>{]*\s(on[a-z]+|hx-on[\w:.-]*)\s*=", re.IGNORECASE),
    "script address": re.compile(r"javascript:", re.IGNORECASE),
    "HTML comment": re.compile(r"<!--"),
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_template_holds(what):
    pages = [*(PROJECT / "templates").rglob("*.html"), *(PROJECT / "integrations").rglob("*.html")]

    assert len(pages) > 20
    assert [str(page.relative_to(PROJECT)) for page in pages if FORBIDDEN[what].search(page.read_text())] == []


def test_our_own_javascript_is_one_file():
    assert [path.name for path in (PROJECT / "static").rglob("*.js")] == ["app.js"]
