"""Harbor's far side: `python -m tests.harbor.server PORT`, state in memory, and this documentation.

Every call carries `X-Api-Key`; 401 means that the key is not known (any more). Times are milliseconds since 1970.
Lists come in pages: `?page=N`, and `next_page` in the answer while there is one.

GET  /v2/jobs            {"jobs": [{"id", "name", "crew", "port", "status": "open" | "paused" | "filled"}]}
GET  /v2/pipeline        {"steps": [{"id", "label"}]}, in their order
GET  /v2/endings         {"endings": [{"id", "label", "hired"}]}
GET  /v2/members         {"members": [{"id", "name", "email", "active"}]}
POST /v2/people          with `Idempotency-Key`: the same key again answers 200 with the person it made the first time
GET  /v2/people          ?key= of whoever was added so; ?changed_since= for those who changed
GET  /v2/people/removed  ?since=
GET  /v2/people/ID       404 when removed
Errors: {"code", "message"}; 409 `job_filled`, 422 `job_unknown` and `member_inactive`.

What a person does in Harbor's own pages, tests do here: POST /desk/people/ID {"step"} or {"why"}, DELETE
/desk/people/ID, POST /desk/jobs/ID {"status"}, DELETE /desk/keys/KEY, GET /desk/people, and {"lose": n} to
/desk/answers loses the next answers to a POST after the work is done.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "harbor-key-of-acme"
PAGE = 50


class Account:
    """Everything the account holds."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.keys = {KEY}
        self.jobs = [
            {
                "id": "job-1",
                "name": "Backend Engineer",
                "crew": "Deck",
                "port": "Hamburg",
                "status": "open",
                "owner": "m-1",
            },
            {"id": "job-2", "name": "Night Watch", "crew": "Deck", "port": "Lisbon", "status": "open", "owner": "m-1"},
            {"id": "job-3", "name": "Cook", "crew": "Galley", "port": "Hamburg", "status": "filled"},
        ]
        steps = ["Washed ashore", "Hailed", "Aboard", "Captain's table"]
        self.steps = [{"id": step.lower().replace(" ", "-").replace("'", ""), "label": step} for step in steps]
        self.endings = [
            {"id": "sailed", "label": "Sailed with us", "hired": True},
            {"id": "overboard", "label": "Overboard", "hired": False},
        ]
        self.members = [{"id": "m-1", "name": "Captain Vega", "email": "vega@harbor.example", "active": True}]
        self.people: dict[str, dict[str, Any]] = {}
        self.by_key: dict[str, str] = {}
        self.removed: list[dict[str, Any]] = []
        self.losing = 0

    def add(self, key: str, body: dict[str, Any], base: str) -> tuple[int, dict[str, Any]]:
        if key in self.by_key:
            return 200, self.people[self.by_key[key]]
        job = next((job for job in self.jobs if job["id"] == body["job"]), None)
        if body["job"] and job is None:
            return 422, {"code": "job_unknown", "message": "no such job"}
        if job and job["status"] != "open":
            return 409, {"code": "job_filled", "message": "the job takes nobody"}
        if not any(member["id"] == body["member"] and member["active"] for member in self.members):
            return 422, {"code": "member_inactive", "message": "no such member"}
        now, number = _now(), len(self.by_key) + 1
        person = {
            "id": f"person-{number}", "name": body["name"], "email": body["email"], "label": body["label"],
            "job": body["job"], "message": body["message"], "step": "washed-ashore", "added_at": now,
            "changed_at": now, "log": [{"step": "washed-ashore", "at": now}], "ended": None,
            "has_resume": bool(body.get("resume")), "key": key, "link": f"{base}/people/person-{number}",
        }  # fmt: skip
        self.people[person["id"]] = person
        self.by_key[key] = person["id"]
        return 201, person

    def change(self, person_id: str, change: dict[str, Any]) -> dict[str, Any]:
        person, now = self.people[person_id], _now()
        if "step" in change:
            person["step"] = change["step"]
            person["log"].append({"step": change["step"], "at": now})
        if "why" in change:
            person["ended"] = {"why": change["why"], "at": now} if change["why"] else None
        person["changed_at"] = now
        return person

    def remove(self, person_id: str) -> dict[str, Any]:
        person = self.people.pop(person_id)
        self.by_key.pop(person["key"])
        self.removed.append({"id": person_id, "at": _now()})
        return {}


def _now() -> int:
    return int(time.time() * 1000)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    account: Account

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def log_message(self, *words: object) -> None:
        """Say nothing: requests name people."""

    def _serve(self, method: str) -> None:
        place = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(place.query).items()}
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        parts = place.path.strip("/").split("/")
        account = self.account
        with account.lock:
            if parts[0] == "desk":
                status, answer = 200, self._desk(method, parts[1:], body)
            elif self.headers.get("X-Api-Key") not in account.keys:
                status, answer = 401, {"code": "key_unknown", "message": "no such key"}
            else:
                status, answer = self._api(method, parts[1:], query, body)
                if method == "POST" and account.losing:
                    account.losing -= 1
                    self.close_connection = True
                    return
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _desk(self, method: str, parts: list[str], body: dict[str, Any]) -> dict[str, Any]:
        account = self.account
        match method, *parts:
            case "GET", "people":
                return {"people": list(account.people.values())}
            case "POST", "people", person_id:
                return account.change(person_id, body)
            case "DELETE", "people", person_id:
                return account.remove(person_id)
            case "POST", "jobs", job_id:
                next(job for job in account.jobs if job["id"] == job_id).update(body)
            case "POST", "answers":
                account.losing = body["lose"]
            case "DELETE", "keys", key:
                account.keys.discard(key)
            case "POST", "keys", key:
                account.keys.add(key)
        return {}

    def _api(self, method: str, parts: list[str], query: dict[str, str], body: Any) -> tuple[int, dict[str, Any]]:
        account, base = self.account, f"http://{self.headers['Host']}"
        people = list(account.people.values())
        match method, *parts:
            case "POST", "people":
                return account.add(self.headers["Idempotency-Key"], body, base)
            case "GET", "people" if "key" in query:
                return 200, _page("people", [row for row in people if row["key"] == query["key"]], query)
            case "GET", "people":
                since = int(query["changed_since"])
                return 200, _page("people", [row for row in people if row["changed_at"] >= since], query)
            case "GET", "people", "removed":
                return 200, _page("people", [row for row in account.removed if row["at"] >= int(query["since"])], query)
            case "GET", "people", person_id if person_id in account.people:
                return 200, account.people[person_id]
            case "GET", ("jobs" | "members" | "endings") as name:
                return 200, _page(name, getattr(account, name), query)
            case "GET", "pipeline":
                return 200, _page("steps", account.steps, query)
        return 404, {"code": "unknown", "message": "nothing here"}


def _page(name: str, rows: list[Any], query: dict[str, str]) -> dict[str, Any]:
    number = int(query.get("page", 1))
    answer: dict[str, Any] = {name: rows[(number - 1) * PAGE : number * PAGE]}
    return answer | ({"next_page": number + 1} if len(rows) > number * PAGE else {})


def main() -> None:
    Handler.account = Account()
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()


if __name__ == "__main__":
    main()
