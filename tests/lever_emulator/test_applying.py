"""Files sent ahead, the form of a posting, and applying. lever-api.md 5.12, 5.13."""

import pytest

ADA = [{"name": "name", "value": "Ada Quill"}, {"name": "email", "value": "ada@example.com"}]


@pytest.fixture
def applicant(lever):
    """The account, with a token that may do what an application form does."""
    scopes = ["postings:write:admin", "uploads:write:admin", "opportunities:read:admin", "resumes:read:admin"]
    lever.token = lever.new_token(scopes=scopes)["access_token"]
    return lever


def apply(lever, body: dict, status: int = 201, text: str = "Backend Engineer") -> dict:
    answer = lever.call("POST", f"/postings/{lever.posting(text)['id']}/apply", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def upload(lever, name: str = "cv.pdf", status: int = 201) -> dict:
    answer = lever.call("POST", "/uploads", files={"file": (name, b"%PDF-x")})
    assert answer.status_code == status, answer.text
    return answer.json()


def test_applicant_arrives_as_one(applicant):
    body = {
        "personalInformation": [*ADA, {"name": "phone", "value": "+49 40 1"}, {"name": "comments", "value": "Hello"}],
        "urls": [{"name": "LinkedIn", "value": "https://linkedin.example/ada"}, {"name": "Other", "value": None}],
        "source": "Job site",
    }
    made = apply(applicant, body)["data"]
    assert list(made) == ["applicationId"]
    (row,) = applicant.get("/opportunities", expand="applications")["data"]
    assert (row["origin"], row["stage"], row["sources"]) == ("applied", "applicant-new", ["Job site"])
    assert (row["name"], row["emails"], row["links"]) == (
        "Ada Quill",
        ["ada@example.com"],
        ["https://linkedin.example/ada"],
    )
    assert (row["sourcedBy"], row["owner"]) == (None, applicant.posting("Backend Engineer")["owner"])
    assert "userId" not in row["stageChanges"][0]
    (application,) = row["applications"]
    assert (application["id"], application["type"], application["user"]) == (made["applicationId"], "posting", None)
    assert (application["name"], application["comments"]) == ("Ada Quill", "Hello")


def test_known_person_applies_as_the_same_person(applicant):
    apply(applicant, {"personalInformation": ADA})
    apply(applicant, {"personalInformation": ADA, "origin": "internal"}, text="Data Scientist")
    rows = applicant.get("/opportunities")["data"]
    assert len(rows) == 2
    assert len({row["contact"] for row in rows}) == 1
    assert {row["origin"] for row in rows} == {"applied", "internal"}


def test_file_sent_ahead_becomes_the_resume(applicant):
    sent = upload(applicant)["data"]
    assert sent["id"].endswith("-cv.pdf")
    assert sent["uri"].endswith(f"/v1/uploads/{sent['id']}")
    assert (sent["filename"], sent["size"]) == ("cv.pdf", 6)
    apply(applicant, {"personalInformation": [*ADA, {"name": "resume", "value": sent["uri"]}]})
    (row,) = applicant.get("/opportunities")["data"]
    (resume,) = applicant.get(f"/opportunities/{row['id']}/resumes")["data"]
    path = f"/opportunities/{row['id']}/resumes/{resume['id']}/download"
    assert applicant.call("GET", path).content == b"%PDF-x"


def test_file_sent_ahead_lasts_a_day(applicant):
    sent = upload(applicant)["data"]
    applicant.server.control("POST", "/clock", advance_seconds=86_401)
    applicant.token = applicant.new_token(scopes=["postings:write:admin"])["access_token"]
    apply(applicant, {"personalInformation": [*ADA, {"name": "resume", "value": sent["uri"]}]}, 400)
    applicant.server.control("POST", "/clock", advance_seconds=-86_401)
    assert applicant.everything() == []


def test_upload_needs_one_file_of_a_known_type(applicant):
    upload(applicant, "virus.exe", 400)
    assert applicant.call("POST", "/uploads", json={}).status_code == 400
    applicant.token = applicant.new_token(scopes=["postings:write:admin"])["access_token"]
    upload(applicant, status=403)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"personalInformation": [{"name": "name", "value": "Ada"}]},
        {"personalInformation": [{"name": "email", "value": "ada@example.com"}]},
        {"personalInformation": "Ada"},
        {"personalInformation": [*ADA, {"name": "resume", "value": "https://elsewhere.example/cv.pdf"}]},
        {"personalInformation": ADA, "origin": "sourced"},
    ],
    ids=["nothing", "no e-mail", "no name", "no list", "unknown file", "wrong origin"],
)
def test_incomplete_application_is_refused(applicant, body):
    apply(applicant, body, 400)
    assert applicant.everything() == []


@pytest.mark.parametrize(
    ("text", "status"), [("Support Specialist", 400), ("Designer", 400), ("Chief Financial Officer", 403)]
)
def test_only_open_postings_take_applications(applicant, text, status):
    apply(applicant, {"personalInformation": ADA}, status, text)
    assert applicant.everything() == []


def test_form_says_what_is_asked(applicant):
    form = applicant.get(f"/postings/{applicant.posting('Backend Engineer')['id']}/apply")["data"]
    required = [field["name"] for field in form["personalInformation"] if field["required"]]
    assert required == ["name", "email"]


def test_application_is_told_to_subscribers_of_applied_ones(lever, receiver):
    lever.subscribe(f"{receiver.url}/applied", "applicationCreated", conditions={"origins": ["applied"]})
    lever.subscribe(f"{receiver.url}/sourced", "applicationCreated", conditions={"origins": ["sourced"]})
    lever.token = lever.new_token(scopes=["postings:write:admin"])["access_token"]
    made = apply(lever, {"personalInformation": ADA})["data"]
    lever.delivered()
    (arrival,) = receiver.arrivals
    assert (arrival.path, arrival.body["data"]["applicationId"]) == ("/applied", made["applicationId"])


def test_anonymised_applicant_leaves_no_data_in_the_application(applicant):
    apply(applicant, {"personalInformation": ADA})
    (row,) = applicant.get("/opportunities")["data"]
    applicant.server.control("POST", f"/opportunities/{row['id']}", anonymise=True)
    text = applicant.call("GET", f"/opportunities/{row['id']}", params={"expand": "applications"}).text
    assert "ada" not in text.lower().replace("applied", "")
