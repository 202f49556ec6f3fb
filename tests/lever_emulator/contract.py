"""Checks an answer of the emulator against openapi.yaml, our description of the real thing."""

import re
from functools import cache
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DOCUMENT = yaml.safe_load(Path(__file__).with_name("openapi.yaml").read_text(encoding="utf-8"))
HERE = "urn:openapi"
REGISTRY = Registry().with_resource(HERE, Resource.from_contents(DOCUMENT, default_specification=DRAFT202012))

# Calls real Lever answers but its documentation (and so openapi.yaml) does not describe.
UNDESCRIBED = {
    ("GET", "/disposition_stages"),
    ("GET", "/postings/deleted"),
    ("GET", "/applications/deleted"),
    ("POST", "/postings"),
    ("POST", "/postings/{posting}"),
    ("POST", "/users/{user}/deactivate"),
    ("POST", "/users/{user}/reactivate"),
}


@cache
def patterns() -> list[tuple[re.Pattern[str], str]]:
    templates = [*DOCUMENT["paths"], *(path for _, path in UNDESCRIBED if path not in DOCUMENT["paths"])]
    by_words = sorted(templates, key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), path) for path in by_words]


def template_of(path: str) -> str | None:
    return next((template for pattern, template in patterns() if pattern.fullmatch(path)), None)


@cache
def validator(pointer: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"{HERE}#{pointer}"}, registry=REGISTRY)


def check(method: str, path: str, status: int, content_type: str, body: object) -> None:
    """Fail with a readable message if the answer is not what the description allows."""
    template = template_of(path)
    if template is None or (method, template) in UNDESCRIBED:
        pointer = "/components/schemas/Error" if status >= 400 else None
    else:
        pointer = schema_pointer(method, template, status)
    if pointer is None:
        return
    assert content_type == "application/json; charset=utf-8", f"{method} {path}: {content_type}"
    problems = [f"{list(error.absolute_path)}: {error.message}" for error in validator(pointer).iter_errors(body)]
    assert not problems, f"{method} {path} answered {status}, which does not fit: {problems[:3]}"


def schema_pointer(method: str, template: str, status: int) -> str | None:
    escaped = template.replace("~", "~0").replace("/", "~1")
    operation = DOCUMENT["paths"][template].get(method.lower())
    if operation is None:
        assert status >= 400, f"{method} {template} is not described, but answered {status}"
        return "/components/schemas/Error"
    responses = operation["responses"]
    known = str(status) if str(status) in responses else "default"
    assert known in responses, f"{method} {template} may not answer {status}"
    assert status >= 400 or known != "default", f"{method} {template} may not answer {status}"
    response = responses[known]
    pointer = f"/paths/{escaped}/{method.lower()}/responses/{known}"
    if "$ref" in response:
        pointer = response["$ref"].removeprefix("#")
        response = DOCUMENT["components"]["responses"][pointer.rpartition("/")[2]]
    if "application/json" not in response.get("content", {}):
        return None
    return f"{pointer}/content/application~1json/schema"
