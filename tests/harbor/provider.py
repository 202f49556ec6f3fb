"""The contract of integrations.providers, kept for Harbor."""

from django.conf import settings

from integrations.providers import (
    Created,
    DeletedPage,
    Move,
    PostingRecord,
    Progress,
    ProgressPage,
    ReasonRecord,
    StageRecord,
    UserRecord,
)
from tests.harbor.client import HarborClient, NewPerson, when

LABEL = "Harbor"
RATE = (20.0, 40.0)
PROMISE = "Everybody who applies to a connected job lands in Harbor."
READS = ["Jobs, steps and members", "Where people stand"]
WRITES = ["People who applied to a connected job, or whom you send"]
REQUIREMENTS = ["Your company uses Harbor.", "You have an API key from Harbor's settings."]
ADMIN_MESSAGE = "Hi, could you connect Harbor for {company} on Purpose Jobs? Open {url} and paste an API key."
TAG = "purpose-jobs"
pages_to_find = 1

JOB_STATES = {"open": "Open", "paused": "Paused", "filled": "Filled"}
STEPS = {"washed-ashore": "sent", "hailed": "contacted", "aboard": "interview", "captains-table": "offer"}


def open_client(environment, token, *, deadline, scopes=()):
    return HarborClient(settings.ATS_PROVIDERS["harbor"]["api_url"], token, deadline=deadline)


def list_postings(client):
    return [
        PostingRecord(
            external_id=job["id"],
            title=job["name"],
            team=job.get("crew", ""),
            department="",
            location=job.get("port", ""),
            locations=(job["port"],) if job.get("port") else (),
            commitment="",
            state=JOB_STATES.get(job["status"], job["status"].capitalize()),
            is_open=job["status"] == "open",
            is_confidential=False,
            owner_id=job.get("owner", ""),
            url=job.get("link", ""),
        )
        for job in client.list_jobs()
    ]


def prepare(parcels):
    return [
        NewPerson(
            key=f"purpose-jobs-{parcel.export_pk}",
            name=parcel.name,
            email=parcel.email,
            phone=parcel.phone,
            links=tuple(link for link in (*parcel.links, parcel.profile_url) if link),
            label=TAG,
            job_id=parcel.posting_id,
            message=parcel.note,
            resume=(parcel.resume.name, parcel.resume.content) if parcel.resume else None,
            member_id=parcel.acting_user_id,
        )
        for parcel in parcels
    ]


def create(client, payload):
    return _created(client.add_person(payload))


def find(client, payload, since):
    people = [person for person in client.find_people(payload.key) if when(person["added_at"]) >= since]
    return [_created(person) for person in people if person["job"] == payload.job_id]


def list_users(client):
    return [UserRecord(row["id"], row["name"], row["email"], row["active"]) for row in client.list_members()]


def list_stages(client):
    return [StageRecord(row["id"], row["label"], STEPS.get(row["id"], "interview")) for row in client.list_steps()]


def list_reasons(client):
    return [ReasonRecord(row["id"], row["label"], row["hired"]) for row in client.list_endings()]


def check(client):
    client.check()


def read_progress(client, external_id):
    person = client.read_person(external_id)
    return _progress(person) if person else None


def list_progress(client, since, cursor):
    people, next_page = client.list_changed(since, cursor)
    return ProgressPage(tuple(_progress(person) for person in people), next_page)


def list_deleted(client, since, cursor):
    people, next_page = client.list_removed(since, cursor)
    return DeletedPage(tuple(person["id"] for person in people), next_page)


def _created(person):
    return Created(person["id"], person["link"], stage_id=person["step"])


def _progress(person):
    ended = person.get("ended") or {}
    return Progress(
        external_id=person["id"],
        stage_id=person["step"],
        updated_at=when(person["changed_at"]),
        moves=tuple(Move(move["step"], when(move["at"])) for move in person["log"]),
        archived_at=when(ended.get("at")),
        archive_reason_id=ended.get("why", ""),
        origin="marketplace",
        tags=(person["label"],),
        external_url=person["link"],
    )
