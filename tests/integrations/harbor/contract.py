"""Harbor's side of the contract tests: what it answers when all is well, and when it is not."""

import re

from django.conf import settings

ENVIRONMENT = "test"
API = settings.ATS_PROVIDERS["harbor"]["api_url"]
EXTERNAL_ID = "person-1"
POSTING_ID = "job-1"
POSTINGS = 3
CHANGED = [EXTERNAL_ID, "person-2"]
DELETED = ["person-3"]
JOB = {"id": POSTING_ID, "name": "Backend Engineer", "port": "Hamburg", "status": "open"}
AT = 1767225600000
PERSON = {
    "id": EXTERNAL_ID,
    "job": POSTING_ID,
    "label": "purpose-jobs",
    "step": "hailed",
    "added_at": AT,
    "changed_at": AT + 60_000,
    "log": [{"step": "washed-ashore", "at": AT}, {"step": "hailed", "at": AT + 60_000}],
    "ended": None,
    "link": "https://harbor.example/people/person-1",
}


def creates(http) -> None:
    http.post(f"{API}/v2/people", json=PERSON, status=201)


def has_what_was_created(http) -> None:
    http.get(f"{API}/v2/people", json={"people": [PERSON]})


def has_nobody(http) -> None:
    http.get(f"{API}/v2/people", json={"people": []})


def lists_postings(http) -> None:
    http.get(f"{API}/v2/jobs", json={"jobs": [JOB, JOB | {"id": "job-2"}], "next_page": 2})
    http.get(f"{API}/v2/jobs", json={"jobs": [JOB | {"id": "job-3", "status": "filled"}]})


def lists_no_postings(http) -> None:
    http.get(f"{API}/v2/jobs", json={"jobs": []})


def lists_half_of_the_postings(http) -> None:
    http.get(f"{API}/v2/jobs", json={"jobs": [JOB], "next_page": 2})
    http.get(f"{API}/v2/jobs", status=500)


def lists_stages(http) -> None:
    steps = [
        ("washed-ashore", "Washed ashore"),
        ("hailed", "Hailed"),
        ("aboard", "Aboard"),
        ("captains-table", "Captain's table"),
    ]
    http.get(f"{API}/v2/pipeline", json={"steps": [{"id": key, "label": label} for key, label in steps]})


def lists_reasons(http) -> None:
    endings = [{"id": "signed-on", "label": "Signed on", "hired": True}]
    endings.append({"id": "sailed-by", "label": "Sailed by", "hired": False})
    http.get(f"{API}/v2/endings", json={"endings": endings})


def has_progress(http) -> None:
    http.get(f"{API}/v2/people/{EXTERNAL_ID}", json=PERSON)


def has_deleted_it(http) -> None:
    http.get(f"{API}/v2/people/{EXTERNAL_ID}", status=404, json={"code": "person_unknown", "message": "gone"})


def lists_changes(http) -> None:
    http.get(f"{API}/v2/people", json={"people": [PERSON], "next_page": 2})
    http.get(f"{API}/v2/people", json={"people": [PERSON | {"id": "person-2"}]})


def lists_deleted(http) -> None:
    http.get(f"{API}/v2/people/removed", json={"people": [{"id": "person-3"}]})


def answers_everything(http, **answer) -> None:
    for method in ("GET", "POST"):
        http.add(method, re.compile(f"^{re.escape(API)}/"), **answer)


def is_busy(http) -> None:
    answers_everything(http, status=429, headers={"Retry-After": "7"})


def is_down(http) -> None:
    answers_everything(http, status=503)


def refuses(http) -> None:
    answers_everything(http, status=403, json={"code": "not_yours", "message": "no"})


def no_longer_takes_the_token(http) -> None:
    answers_everything(http, status=401)
