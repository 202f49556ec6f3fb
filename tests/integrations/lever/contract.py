"""Lever's side of the contract tests: what it answers when all is well, and when it is not."""

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

ANSWERS = Path(__file__).parent / "answers"
ENVIRONMENT = "sandbox"
HOSTS = settings.ATS_PROVIDERS["lever"]["hosts"][ENVIRONMENT]
API, TOKEN = HOSTS["api_url"], f"{HOSTS['auth_url']}/oauth/token"
EXTERNAL_ID = "971a19f6-a066-5259-abec-f263c6838d15"
POSTING_ID = "4b25972f-50aa-57a9-a283-f36656fd30a4"
POSTINGS = 7
CHANGED = [EXTERNAL_ID, "0c5d1ad4-6b3f-5f5c-8b2b-0a6a3fb1b2c1"]
DELETED = ["7e0b1f9a-2f8c-5b51-9a77-9d0a1f4de001"]
# Of one webhook, so that taking all away is one call.
KEPT = json.dumps({"candidateHired": {"id": "hook-1", "token": "signing-token"}})


def read(name: str) -> dict:
    return json.loads((ANSWERS / f"{name}.json").read_text())


def creates(http) -> None:
    http.post(f"{API}/opportunities", json=read("opportunity_created"), status=201)


def has_what_was_created(http) -> None:
    http.get(f"{API}/opportunities", json=read("opportunities_found"))


def has_nobody(http) -> None:
    http.get(f"{API}/opportunities", json=read("opportunities_none"))


def lists_postings(http) -> None:
    http.get(f"{API}/postings", json=read("postings_first_page"))
    http.get(f"{API}/postings", json=read("postings_last_page"))


def lists_no_postings(http) -> None:
    http.get(f"{API}/postings", json={"data": [], "hasNext": False})


def lists_half_of_the_postings(http) -> None:
    http.get(f"{API}/postings", json=read("postings_first_page"))
    http.get(f"{API}/postings", status=500)


def lists_stages(http) -> None:
    http.get(f"{API}/stages", json=read("stages_listed"))


def lists_reasons(http) -> None:
    http.get(f"{API}/archive_reasons", json=read("archive_reasons_listed"))


def has_progress(http) -> None:
    http.get(f"{API}/opportunities/{EXTERNAL_ID}", json=read("opportunity_moved"))


def has_deleted_it(http) -> None:
    http.get(f"{API}/opportunities/{EXTERNAL_ID}", status=404, json=read("error_opportunity_gone"))


def lists_changes(http) -> None:
    http.get(f"{API}/opportunities", json=read("opportunities_changed_first_page"))
    http.get(f"{API}/opportunities", json=read("opportunities_changed_last_page"))


def lists_deleted(http) -> None:
    http.get(f"{API}/opportunities/deleted", json=read("opportunities_deleted"))


def has_webhooks(http) -> None:
    """Remember the webhooks that are made; as live, the list shows no signing token."""
    hooks: dict[str, dict] = {}

    def make(request):
        body = json.loads(request.body)
        made = {"id": f"hook-{len(hooks) + 1}", **body}
        hooks[made["id"]] = made
        answer = read("webhook_created")
        answer["data"].update({"id": made["id"], "event": body["event"], "url": body["url"]})
        return 201, {}, json.dumps(answer)

    def take_away(request):
        gone = hooks.pop(request.url.rsplit("/", 1)[-1], None)
        return (204, {}, "") if gone else (404, {}, json.dumps({"code": "ResourceNotFound", "message": "gone"}))

    http.add_callback("GET", f"{API}/webhooks", lambda request: (200, {}, json.dumps({"data": list(hooks.values())})))
    http.add_callback("POST", f"{API}/webhooks", make)
    http.add_callback("DELETE", re.compile(re.escape(f"{API}/webhooks/")), take_away)


def takes_follow_ups(http) -> None:
    http.post(f"{API}/opportunities/{EXTERNAL_ID}/notes", json=read("note_created"), status=201)


def answers_everything(http, **answer) -> None:
    """Give one answer to whatever is asked of the Data API."""
    host = re.escape(f"https://{urlsplit(API).netloc}/")
    for method in ("GET", "POST", "PUT", "DELETE"):
        http.add(method, re.compile(f"^{host}"), **answer)


def is_busy(http) -> None:
    answers_everything(http, status=429, json=read("error_too_many_requests"), headers={"Retry-After": "7"})


def is_down(http) -> None:
    answers_everything(http, status=503, body="maintenance")


def refuses(http) -> None:
    answers_everything(http, status=403, json={"code": "ForbiddenError", "message": "no"})


def no_longer_takes_the_token(http) -> None:
    answers_everything(http, status=401)


def refreshes(http) -> None:
    http.post(TOKEN, json=read("tokens_refreshed"))


def has_forgotten_the_grant(http) -> None:
    http.post(TOKEN, status=403, json=read("grant_dead"))


def cannot_refresh_now(http) -> None:
    http.post(TOKEN, status=500)
