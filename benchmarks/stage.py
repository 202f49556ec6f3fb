"""What the figures are measured on: the real processes, an empty database, companies connected to the emulator."""

import itertools
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import psutil
import requests
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from accounts.models import Company, Membership, User
from candidates.models import Application, Candidate
from integrations.models import AccountUser, CandidateExport, Connection, Posting, PostingLink
from integrations.pacing import redis_client
from jobs.models import Job
from purposejobs.local_stack.environment import procfile
from purposejobs.tenancy import company_scope, reserve_pk

PROJECT = Path(__file__).resolve().parent.parent


@dataclass
class Seat:
    """A company with a connected job, ready for applicants."""

    company: Company
    connection: Connection
    job: Job
    posting: Posting
    account_id: str


@dataclass
class Figure:
    """Ours beside its reference."""

    name: str
    ours: float
    reference: float
    unit: str
    note: str = ""

    def line(self) -> str:
        """Say it in one line."""
        ratio = self.ours / self.reference if self.reference else 0.0
        ours, reference = f"{self.ours:10.3f} {self.unit:9}", f"{self.reference:10.3f}"
        return f"{self.name:26} {ours} reference {reference}  ratio {ratio:6.2f}  {self.note}"

    def as_json(self) -> dict[str, object]:
        """Return what is written down."""
        return dict(vars(self)) | {"ratio": round(self.ours / self.reference, 4) if self.reference else None}


class Stage:
    """Processes and rows of the figures; between two of them everything but the emulator is stopped and emptied."""

    def __init__(self, *, is_quick: bool) -> None:
        self.is_quick = is_quick
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.emulator_url = os.environ["LEVER_EMULATOR_URL"]
        self.http = requests.Session()
        self.http.trust_env = False
        self.folder = Path(os.environ["MEDIA_ROOT"]).parent
        self.numbers = itertools.count(1)

    def __enter__(self) -> Self:
        call_command("migrate", database="owner", verbosity=0, interactive=False)
        self.start(
            "emulator",
            [
                sys.executable, "-m", "lever_emulator", "--port", str(urlsplit(self.emulator_url).port),
                "--client-id", os.environ["LEVER_CLIENT_ID"], "--client-secret", os.environ["LEVER_CLIENT_SECRET"],
                "--redirect-uri", f"{os.environ['PUBLIC_URL']}/integrations/lever/callback/",
            ],
        )  # fmt: skip
        self.wait_for(self._emulator_answers, "the emulator")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_all_but()
        connections.close_all()

    def clear(self) -> None:
        """Begin from nothing."""
        self.stop_all_but("emulator")
        call_command("flush", database="owner", verbosity=0, interactive=False)
        redis_client().flushdb()
        self.control("POST", "/reset")

    # -- Processes -----------------------------------------------------------------------------------------------------

    def start(self, name: str, command: list[str], **environment: str) -> None:
        """Start a process in a session of its own; its output goes to a file in the stack's folder."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        with open(self.folder / f"{name}.log", "wb") as log:
            self.processes[name] = subprocess.Popen(
                command,
                cwd=PROJECT,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PATH": path, "PYTHONUNBUFFERED": "1", **environment},
                start_new_session=True,
            )

    def start_from_procfile(self, name: str, process: str, **environment: str) -> None:
        """Start a process of the Procfile, as the demo does."""
        self.start(name, ["sh", "-c", f"exec {procfile()[process]}"], **environment)

    def start_workers(
        self, count: int = 1, *, pool: str = "threads", environment: Mapping[str, str] | None = None
    ) -> list[str]:
        """Start export workers, wait until they are ready, and return their names."""
        # What becomes of those who were sent is read by other workers, and measured apart.
        environment = {"FOLLOW_SWEEP_SECONDS": "86400"} | dict(environment or {})
        if "beat" not in self.processes:
            # The product never runs without its sweep, which wakes what had to wait.
            self.start_from_procfile("beat", "beat", **environment)
        for number in range(count):
            name = f"exports-{number}"
            command = procfile()["exports"].replace("--pool threads", f"--pool {pool}")
            threads = environment.get("EXPORT_THREADS", "8" if pool == "threads" else "2")
            every = {"EXPORT_QUEUES": "default,integrations,integrations_again", "EXPORT_THREADS": threads}
            command = command.replace("exports@%h", f"{name}@%h")
            self.start(name, ["sh", "-c", f"exec {command}"], **{**every, **environment})
            log = self.folder / f"{name}.log"
            self.wait_for(lambda log=log: " ready." in log.read_text(errors="replace"), name)  # type: ignore[misc]
        return [f"exports-{number}" for number in range(count)]

    def stop(self, name: str, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop a process and all that it started."""
        process = self.processes.pop(name)
        if process.poll() is None:
            os.killpg(process.pid, number)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def stop_all_but(self, *names: str) -> None:
        """Stop the other processes, all at once."""
        others = [name for name in self.processes if name not in names]
        for name in others:
            if self.processes[name].poll() is None:
                os.killpg(self.processes[name].pid, signal.SIGTERM)
        for name in others:
            self.stop(name)

    @cache  # noqa: B019  there is one stage
    def collect_static_files(self) -> None:
        """Let pages find their files."""
        call_command("collectstatic", interactive=False, verbosity=0)

    def cpu(self, *names: str) -> float:
        """Return the CPU seconds that these processes and their children have used so far."""
        total = 0.0
        for name in names:
            if name == "redis":
                info: dict[str, float] = redis_client().info("cpu")
                total += info["used_cpu_sys"] + info["used_cpu_user"]
                continue
            if name == "postgres":
                with connections["owner"].cursor() as cursor:
                    cursor.execute("SELECT pg_backend_pid()")
                    root = psutil.Process(cursor.fetchone()[0]).parent()
            else:
                root = psutil.Process(self.processes[name].pid)
            assert root is not None
            for process in [root, *root.children(recursive=True)]:
                times = process.cpu_times()
                total += times.user + times.system
            ended = root.cpu_times()
            total += ended.children_user + ended.children_system
        return total

    def memory(self, name: str) -> float:
        """Return the memory of a process and its children, in MiB; what they share is counted once."""
        root = psutil.Process(self.processes[name].pid)
        return sum(process.memory_full_info().pss for process in [root, *root.children(recursive=True)]) / 2**20

    def wait_for(self, condition: Callable[[], Any], what: str, *, seconds: float = 600, every: float = 0.02) -> None:
        """Come back as soon as the condition holds."""
        deadline = time.monotonic() + seconds
        pause = threading.Event()
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {seconds} s in vain for {what}")
            pause.wait(every)

    def web_port(self) -> str:
        """Return the port that the product believes to be served at."""
        return str(urlsplit(os.environ["PUBLIC_URL"]).port)

    # -- The far side --------------------------------------------------------------------------------------------------

    def control(self, method: str, path: str = "", **body: Any) -> Any:
        """Speak to the emulator's own side."""
        options: dict[str, Any] = {"params": body} if method == "GET" else {"json": body}
        answer = self.http.request(method, f"{self.emulator_url}/_control{path}", timeout=60, **options)
        answer.raise_for_status()
        return answer.json()

    def _emulator_answers(self) -> bool:
        try:
            return self.http.get(f"{self.emulator_url}/_control", timeout=5).ok
        except requests.ConnectionError:
            return False

    def too_many(self) -> int:
        """Return how many 429s the emulator has answered."""
        return sum(row["status"] == 429 for row in self.control("GET", "/requests", status=429)["requests"])

    # -- Rows ----------------------------------------------------------------------------------------------------------

    def make_seats(self, count: int) -> list[Seat]:
        """Make companies with a recruiter, a job, and a connection to an account of their own."""
        return [self._seat(next(self.numbers)) for _ in range(count)]

    def _seat(self, number: int) -> Seat:
        account = self.control("POST", "/accounts", name=f"Bench {number}", postings=1)
        tokens = self.control("POST", f"/accounts/{account['id']}/tokens")
        company_pk = reserve_pk(Company)
        user = User.objects.create(email=f"bench{number}@example.org", password="!")
        now = timezone.now()
        with company_scope(company_pk):
            company = Company.objects.create(pk=company_pk, name=f"Bench {number}", slug=f"bench-{number}")
            Membership.objects.create(user=user, company=company, role=Membership.Role.ADMIN)
            job = Job.objects.create(company=company, title="Engineer", status="open", published_at=now)
            connection = Connection.objects.create(
                company=company,
                provider="lever",
                environment="emulator",
                account_id=account["id"],
                access_token=tokens["access_token"],
                refresh_token=tokens["refresh_token"],
                token_expires_at=now + timedelta(seconds=tokens["expires_in"]),
                token_refreshed_at=now,
                granted_by_user_id=account["super_admin"],
                connected_by=user,
            )
            AccountUser.objects.create(
                company=company,
                connection=connection,
                external_id=account["super_admin"],
                name="Rosa",
                email="r@x.example",
            )
            posting = Posting.objects.create(
                company=company,
                connection=connection,
                external_id=account["postings"][0]["id"],
                title="Engineer",
                state="Published",
                is_open=True,
                seen_at=now,
            )
            PostingLink.objects.create(company=company, connection=connection, job=job, posting=posting)
        return Seat(company, connection, job, posting, account["id"])

    def line_up(self, seat: Seat, count: int, *, resume_bytes: int = 0, phone: str = "") -> None:
        """Put so many applicants in line, as the public form does; they wait until release()."""
        resume = {}
        if resume_bytes:
            content = b"%PDF-1.4\n" + secrets.token_bytes(resume_bytes)
            name = default_storage.save("resumes/bench.pdf", ContentFile(content))
            resume = {
                "resume": name,
                "resume_name": "cv.pdf",
                "resume_type": "application/pdf",
                "resume_size": len(content),
            }
        person = {"phone": phone, "headline": "Engineer at Example", "location": "Hamburg", **resume}
        mark = secrets.token_hex(4)
        candidates = Candidate.objects.bulk_create(
            [
                Candidate(name=f"Person {number}", email=f"{mark}.{number}@example.net", **person)
                for number in range(count)
            ],
            batch_size=1000,
        )
        with company_scope(seat.company):
            Application.objects.bulk_create(
                [
                    Application(
                        company=seat.company,
                        job=seat.job,
                        candidate=candidate,
                        email=candidate.email,
                        name=candidate.name,
                        consent_version="bench",
                        **person,
                    )
                    for candidate in candidates
                ],
                batch_size=1000,
            )
            CandidateExport.objects.bulk_create(
                [
                    CandidateExport(
                        company=seat.company,
                        connection=seat.connection,
                        candidate=candidate,
                        posting=seat.posting,
                        job=seat.job,
                        reason="applied",
                        next_attempt_at=timezone.now() + timedelta(days=1),
                    )
                    for candidate in candidates
                ],
                batch_size=1000,
            )

    def send_people(self, seat: Seat, count: int, *, others: int = 0) -> list[str]:
        """Let so many people be in the ATS and have been sent by us, and others who were not; return ours."""
        path = f"/accounts/{seat.account_id}/opportunities"
        ids = self.control("POST", path, count=count, ids=True, tags=["Purpose Jobs"], origin="sourced")["ids"]
        if others:
            self.control("POST", path, count=others, email_prefix="other")
        self.line_up(seat, count)
        now = timezone.now()
        with company_scope(seat.company):
            exports = list(CandidateExport.objects.order_by("pk"))
            for export, external_id in zip(exports, ids, strict=True):
                export.state, export.external_id, export.stage_id = CandidateExport.State.SENT, external_id, "lead-new"
                export.sent_at = export.checked_at = now - timedelta(seconds=5)
            fields = ["state", "external_id", "stage_id", "sent_at", "checked_at"]
            CandidateExport.objects.bulk_update(exports, fields, batch_size=1000)
        return ids

    @staticmethod
    def answers(session: requests.Session, url: str) -> bool:
        """Say whether the web answers there, whatever it answers."""
        try:
            return session.get(url, timeout=5).status_code < 500
        except requests.ConnectionError:
            return False

    def release(self, seats: Iterable[Seat]) -> None:
        """Let those in line be due now."""
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "UPDATE integrations_candidateexport SET next_attempt_at = now()"
                " WHERE state = 'waiting' AND connection_id = ANY(%s)",
                [[seat.connection.pk for seat in seats]],
            )

    def count_unsent(self, seats: Iterable[Seat]) -> int:
        """Count the rows that are not in the ATS yet."""
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM integrations_candidateexport WHERE state <> 'sent' AND connection_id = ANY(%s)",
                [[seat.connection.pk for seat in seats]],
            )
            return cursor.fetchone()[0]

    def check_once(self, seats: Iterable[Seat], each: int) -> None:
        """Make sure that everybody is there once: a figure of a drain that loses or doubles is none."""
        for seat in seats:
            there = self.control("GET", f"/accounts/{seat.account_id}")["opportunities"]
            if there != each:
                raise AssertionError(f"{seat.company.name}: {there} opportunities for {each} exports")
