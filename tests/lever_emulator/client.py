"""How the tests speak to the emulator: over HTTP, every answer checked against the description."""

import socket
import subprocess
import sys
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.lever_emulator.contract import check

PROJECT = Path(__file__).resolve().parents[2]
CALLBACK = "http://localhost:8000/integrations/lever/callback/"
AUDIENCE = "https://api.lever.co/v1/"
CLIENT = {"client_id": "emulatorClientId0000000000000000", "client_secret": "emulator-secret-not-real"}


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


class Server:
    """A real process of the emulator."""

    def __init__(self, *arguments: str) -> None:
        self.port = free_port()
        self.arguments = arguments
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = requests.Session()
        self.http.trust_env = False
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "lever_emulator", "--port", str(self.port), *self.arguments]
        self.process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not self.answers():
            assert self.process.poll() is None, "the emulator ended at its start"
            assert time.monotonic() < deadline, "the emulator did not start"

    def answers(self) -> bool:
        try:
            return self.http.get(f"{self.url}/_control/clock", timeout=1).ok
        except (requests.ConnectionError, requests.Timeout):
            return False

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)

    def control(self, method: str, path: str = "", /, **body: object) -> dict:
        options = {"params": body} if method == "GET" else {"json": body}
        answer = self.http.request(method, f"{self.url}/_control{path}", timeout=30, **options)
        assert answer.ok, answer.text
        return answer.json()

    def refused(self, method: str, path: str, /, **body: object) -> tuple[int, str]:
        """Make a control call that must fail; return status and sentence."""
        answer = self.http.request(method, f"{self.url}/_control{path}", json=body, timeout=30)
        assert not answer.ok, answer.text
        return answer.status_code, answer.json()["error"]


@dataclass
class Lever:
    """One account of the emulator and a token for it."""

    server: Server
    account: dict
    token: str = ""
    http: requests.Session = field(default_factory=requests.Session)

    @property
    def id(self) -> str:
        return self.account["id"]

    @property
    def admin(self) -> str:
        return self.account["super_admin"]

    def user(self, role: str) -> dict:
        return next(user for user in self.account["users"] if user["accessRole"] == role)

    def posting(self, text: str) -> dict:
        return next(posting for posting in self.account["postings"] if posting["text"] == text)

    def call(self, method: str, path: str, **options) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        address = f"{self.server.url}/v1{path}"
        answer = self.http.request(method, address, headers=headers, timeout=30, **options)
        is_json = answer.headers.get("content-type", "").startswith("application/json")
        body = answer.json() if is_json else None
        check(method, path.partition("?")[0], answer.status_code, answer.headers.get("content-type", ""), body)
        return answer

    def get(self, path: str, status: int = 200, **params) -> dict:
        answer = self.call("GET", path, params=params)
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, body: object = None, status: int = 200, **options) -> dict:
        answer = self.call("POST", path, json=body, params={"perform_as": self.admin}, **options)
        assert answer.status_code == status, answer.text
        return answer.json()

    def put(self, path: str, body: object, status: int = 200) -> dict:
        answer = self.call("PUT", path, json=body, params={"perform_as": self.admin})
        assert answer.status_code == status, answer.text
        return answer.json()

    def create(self, **fields) -> dict:
        """Create an opportunity; return its data."""
        return self.post("/opportunities", fields, 201)["data"]

    def create_multipart(self, fields: list[tuple[str, str]], files: list | None = None, status: int = 201) -> dict:
        parts = [(name, (None, value)) for name, value in fields] + (files or [])
        answer = self.call("POST", "/opportunities", files=parts, params={"perform_as": self.admin})
        assert answer.status_code == status, answer.text
        return answer.json()

    def everything(self, **params) -> list[dict]:
        """What the emulator really holds, from the control API."""
        return self.server.control("GET", f"/accounts/{self.id}/opportunities", **params)["opportunities"]

    def switch(self, **switches) -> None:
        self.server.control("POST", "/switches", account=self.id, **switches)

    def fault(self, **fault) -> dict:
        return self.server.control("POST", "/faults", account=self.id, **fault)

    def subscribe(self, url: str, *events: str, **configuration: object) -> list[dict]:
        """Subscribe to events; return the webhooks with their signing tokens."""
        body = {"configuration": configuration} if configuration else {}
        return [self.post("/webhooks", {"url": url, "event": event, **body}, 201)["data"] for event in events]

    def delivered(self, **options: object) -> None:
        """Wait until everything this account has to tell was sent."""
        answer = self.server.control("POST", "/deliveries/wait", account=self.id, **options)
        assert answer["quiet"], answer

    def deliveries(self, **wanted: object) -> list[dict]:
        """What the delivery log of this account says, newest first."""
        return self.server.control("GET", "/deliveries", account=self.id, **wanted)["deliveries"]

    def reason(self, text: str) -> str:
        """Return the id of an archive reason."""
        return next(row["id"] for row in self.get("/archive_reasons")["data"] if row["text"] == text)

    def new_token(self, **wish) -> dict:
        return self.server.control("POST", f"/accounts/{self.id}/tokens", **wish)


class Visitor:
    """A person in front of the pages: keeps the cookie, follows nothing by itself."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.http = requests.Session()
        self.http.trust_env = False

    def get(self, path: str) -> requests.Response:
        return self.http.get(self.server.url + path, allow_redirects=False, timeout=30)

    def post(self, path: str, **form: str) -> requests.Response:
        return self.http.post(self.server.url + path, data=form, allow_redirects=False, timeout=30)

    def sign_in(self, user: str) -> None:
        assert self.post("/login", user=user, next="/").status_code == 303

    def authorize(self, path: str, decision: str = "accept") -> dict[str, str]:
        """Decide on the consent page; return what the partner's callback is given."""
        return callback(self.post(path, decision=decision))

    def token(self, **form: str) -> requests.Response:
        """Call the token endpoint with the app's credentials."""
        return self.http.post(f"{self.server.url}/oauth/token", data={**CLIENT, **form}, timeout=30)


def callback(answer: requests.Response) -> dict[str, str]:
    assert answer.status_code == 302, answer.text
    location = answer.headers["location"]
    assert location.startswith(CALLBACK + "?")
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))


def authorize_path(scope: str, **changes: str) -> str:
    params = {
        "client_id": CLIENT["client_id"],
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "state": "state-of-ours",
        "audience": AUDIENCE,
        "scope": scope,
    } | changes
    return f"/authorize?{urllib.parse.urlencode(params)}"
