"""The emulator's own pages, without a browser."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.lever_emulator.client import PROJECT

TEMPLATES = PROJECT / "lever_emulator" / "templates"


@pytest.fixture
def ada(lever):
    return lever.create_multipart(
        [
            ("name", "Ada <b>Quill</b>"),
            ("emails[]", "ada@example.com"),
            ("tags[]", "Purpose Jobs"),
            ("sources[]", "Purpose Jobs"),
            ("postings[]", lever.posting("Backend Engineer")["id"]),
        ],
        [("resumeFile", ("cv.pdf", b"%PDF-x"))],
    )["data"]


@pytest.fixture
def rosa(lever, visitor):
    """Somebody of the account, signed in."""
    visitor.sign_in(lever.admin)
    return visitor


class Column(HTMLParser):
    """Collects the names of the cards in each column of the board."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stage, self.cards = "", {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.stage = found.get("data-stage", self.stage)
        if "data-name" in found:
            self.cards.setdefault(self.stage, []).append(found["data-name"])


def test_board_shows_the_newcomer_in_new_lead_with_tag_and_origin(rosa, ada):
    page = rosa.get("/candidates").text
    assert Column(page).cards == {"lead-new": ["Ada <b>Quill</b>"]}
    assert "Ada &lt;b&gt;Quill&lt;/b&gt;" in page
    assert '<span class="chip tag">Purpose Jobs</span>' in page
    assert '<span class="chip origin">sourced</span>' in page
    assert "Backend Engineer" in page


def test_card_is_moved_on_by_a_form(rosa, lever, ada):
    answer = rosa.post(f"/candidates/{ada['id']}/stage", stage="lead-responded", next="/candidates")
    assert (answer.status_code, answer.headers["location"]) == (303, "/candidates?said=Moved+to+Responded")
    assert Column(rosa.get("/candidates").text).cards == {"lead-responded": ["Ada <b>Quill</b>"]}
    read = lever.get(f"/opportunities/{ada['id']}")["data"]
    assert read["stageChanges"][-1]["userId"] == lever.admin


def test_archived_card_moves_to_the_archive_and_back(rosa, lever, ada):
    reason = lever.get("/archive_reasons")["data"][2]["id"]
    rosa.post(f"/candidates/{ada['id']}/archive", reason=reason)
    assert Column(rosa.get("/candidates").text).cards == {}
    assert Column(rosa.get("/candidates?view=archived").text).cards == {"lead-new": ["Ada <b>Quill</b>"]}
    rosa.post(f"/candidates/{ada['id']}/archive", reason="")
    assert lever.get(f"/opportunities/{ada['id']}")["data"]["archived"] is None


def test_board_is_narrowed_by_words_and_posting(rosa, lever, ada):
    lever.create(name="Bo")
    assert Column(rosa.get("/candidates?q=quill").text).cards == {"lead-new": ["Ada <b>Quill</b>"]}
    assert Column(rosa.get("/candidates?q=purpose").text).cards == {"lead-new": ["Ada <b>Quill</b>"]}
    posting = lever.posting("Data Scientist")["id"]
    assert Column(rosa.get(f"/candidates?posting={posting}").text).cards == {}


def test_show_address_opens_the_profile(rosa, lever, ada):
    lever.post(f"/opportunities/{ada['id']}/notes", {"value": "A note <i>of ours</i>"}, 201)
    page = rosa.http.get(ada["urls"]["show"], timeout=10)
    assert page.status_code == 200
    assert "A note &lt;i&gt;of ours&lt;/i&gt;" in page.text
    assert "ada@example.com" in page.text
    link = re.search(r'href="(/candidates/[^"]+/resumes/[^"]+/download)"', page.text)
    assert rosa.get(link[1]).content == b"%PDF-x"


def test_stranger_is_asked_to_sign_in_and_comes_back(visitor, lever, ada):
    answer = visitor.get(f"/candidates/{ada['id']}")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/login?next=%2Fcandidates%2F{ada['id']}"
    assert visitor.post(f"/candidates/{ada['id']}/stage", stage="offer").status_code == 303
    assert lever.get(f"/opportunities/{ada['id']}")["data"]["stage"] == "lead-new"


def test_other_account_sees_nothing_and_changes_nothing(visitor, lever, ada, server):
    other = server.control("POST", "/accounts", name="Other")
    visitor.sign_in(other["super_admin"])
    assert visitor.get(f"/candidates/{ada['id']}").status_code == 404
    assert visitor.post(f"/candidates/{ada['id']}/delete").status_code == 404
    posting = lever.posting("Backend Engineer")["id"]
    assert visitor.post(f"/postings/{posting}/state", state="closed").status_code == 404
    assert visitor.post(f"/users/{lever.admin}/active", active="no").status_code == 404
    assert Column(visitor.get("/candidates").text).cards == {}
    assert len(lever.everything()) == 1
    assert lever.get(f"/postings/{posting}")["data"]["state"] == "published"


def test_delete_and_anonymise(rosa, lever, ada):
    twin = lever.create(name="Twin", emails=["twin@example.com"])
    rosa.post(f"/candidates/{twin['id']}/anonymise")
    assert lever.get(f"/opportunities/{twin['id']}")["data"]["isAnonymized"] is True
    rosa.post(f"/candidates/{ada['id']}/delete")
    lever.get(f"/opportunities/{ada['id']}", 404)


def test_postings_are_closed_reopened_renamed_and_deleted(rosa, lever):
    posting = lever.posting("Backend Engineer")["id"]
    for state in ("closed", "published"):
        rosa.post(f"/postings/{posting}/state", state=state)
        assert lever.get(f"/postings/{posting}")["data"]["state"] == state
    rosa.post(f"/postings/{posting}/rename", text="Platform Engineer")
    assert "Platform Engineer" in rosa.get("/postings?q=platform").text
    assert rosa.post(f"/postings/{posting}/state", state="ajar").status_code == 400
    rosa.post(f"/postings/{posting}/delete")
    lever.get(f"/postings/{posting}", 404)


def test_posting_is_drafted_unlisted_hidden_and_shown_again(rosa, lever):
    posting = lever.posting("Backend Engineer")["id"]
    for state in ("draft", "internal", "published"):
        rosa.post(f"/postings/{posting}/state", state=state)
        assert lever.get(f"/postings/{posting}")["data"]["state"] == state
    rosa.post(f"/postings/{posting}/confidentiality", confidentiality="confidential")
    assert lever.server.control("GET", f"/accounts/{lever.id}")["postings"][0]["confidentiality"] == "confidential"
    rosa.post(f"/postings/{posting}/confidentiality", confidentiality="non-confidential")
    assert lever.get(f"/postings/{posting}")["data"]["confidentiality"] == "non-confidential"
    assert rosa.post(f"/postings/{posting}/confidentiality", confidentiality="secret").status_code == 400


def test_candidate_is_hired_on_the_board_and_reopened(rosa, lever, ada):
    form = re.search(r'name="reason" value="([^"]+)"><button>Hire', rosa.get("/candidates").text)
    rosa.post(f"/candidates/{ada['id']}/archive", reason=form[1], next="/candidates")
    archived = lever.get(f"/opportunities/{ada['id']}")["data"]["archived"]
    assert lever.get(f"/archive_reasons/{archived['reason']}")["data"]["type"] == "hired"
    answer = rosa.post(f"/candidates/{ada['id']}/archive", reason="", next="/candidates?view=archived")
    assert answer.headers["location"].endswith("said=Reopened")
    assert lever.get(f"/opportunities/{ada['id']}")["data"]["archived"] is None


def test_users_are_deactivated_and_reactivated(rosa, lever):
    user = lever.user("team member")["id"]
    rosa.post(f"/users/{user}/active", active="no")
    assert "deactivated" in rosa.get("/users").text
    assert lever.get(f"/users/{user}")["data"]["deactivatedAt"] is not None
    rosa.post(f"/users/{user}/active", active="yes")
    assert lever.get(f"/users/{user}")["data"]["deactivatedAt"] is None


def test_fault_panel_sets_faults_and_switches(rosa, lever, server):
    rosa.post("/control/faults", endpoint="GET /v1/stages", kind="503", count="1", only_here="on")
    lever.get("/stages", 503)
    lever.get("/stages")
    assert "503" in rosa.get("/control").text
    rosa.post("/control/faults/remove")
    assert server.control("GET", "/faults")["faults"] == []
    assert rosa.post("/control/faults", endpoint="GET /v1/stages", kind="nonsense").status_code == 400
    assert "/v1/stages" in rosa.get("/log?mine=1&status=503").text


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/candidates",
        "/postings",
        "/users",
        "/settings/integrations",
        "/settings/webhooks",
        "/control",
        "/log",
        "/login",
        "/nothing",
    ],
)
def test_page_keeps_to_a_strict_content_security_policy(rosa, path):
    page = rosa.get(path)
    assert page.headers["content-security-policy"].startswith("default-src 'self';")
    assert "Emulator" in page.text


@pytest.mark.parametrize("template", sorted(path.name for path in TEMPLATES.iterdir()))
def test_template_has_nothing_inline(template):
    text = Path(TEMPLATES / template).read_text()
    assert not re.search(r"\sstyle=|<style|<script(?![^>]*src=)|\son\w+=", text)
