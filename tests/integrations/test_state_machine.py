"""Whatever happens in whatever order: nobody is there twice, and every row says what is true.

Random interleavings of people, workers, a far side that answers as it likes, and time, over a real database. Nothing
of ours is replaced: the workers here take the steps of a slice one at a time, so that everything may come between.
`STATE_MACHINE_EXAMPLES=2000` searches for longer, and anew each time.
"""

import contextlib
import os
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import models, transaction
from django.db.models import F
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from candidates import actions as people
from candidates.models import Application
from integrations import actions, draining, mirroring
from integrations.draining.calling import call
from integrations.draining.claims import CallCounts, claim, release_expired
from integrations.draining.packing import pack
from integrations.draining.recording import record
from integrations.errors import ConnectionLost
from integrations.models import CandidateExport, Connection, Posting, PostingLink
from integrations.pacing import redis_client
from purposejobs.tenancy import company_scope
from tests.factories import make_admin, make_application, make_candidate, make_company, make_job
from tests.integrations.connected import fill_bucket
from tests.integrations.far_side import MOODS, SLUG, FarSide

pytestmark = pytest.mark.django_db

LOOK_DELAY = django_settings.EXPORTS["look_delay_seconds"]
LEASE = django_settings.EXPORTS["lease_seconds"]
# Mostly the same person and job: what goes wrong takes several steps with one row.
PERSON, JOB, WORKER = st.sampled_from([0, 0, 0, 1, 2]), st.sampled_from([0, 0, 1]), st.integers(0, 1)
POSTING, MOOD = (
    st.sampled_from(["posting-1", "posting-2"]),
    st.sampled_from([*MOODS, "good", "good", "good", "late", "late"]),
)

# What may happen: how often beside the others, and with what.
ACTS = {
    "apply": (4, {"person": PERSON, "job": JOB}),
    "click": (3, {"person": PERSON, "job": st.sampled_from([0, 1, None])}),
    "withdraw": (3, {"person": PERSON, "job": JOB}),
    "change_their_mind": (5, {"person": PERSON, "job": JOB}),
    "erase": (1, {}),
    "link": (2, {"job": JOB, "posting": POSTING}),
    "unlink": (1, {"job": JOB}),
    "retry": (2, {}),
    "dismiss": (1, {}),
    "disconnect": (2, {}),
    "reconnect": (3, {}),
    "change_posting": (2, {"posting": POSTING, "is_open": st.booleans()}),
    "refresh_postings": (2, {}),
    "claim": (8, {"worker": WORKER, "limit": st.integers(1, 3), "begins": st.booleans()}),
    "call": (8, {"worker": WORKER, "mood": MOOD}),
    "record": (7, {"worker": WORKER}),
    "crash": (2, {"worker": WORKER}),
    "deliver_a_nudge_twice": (8, {"mood": MOOD}),
    "let_pass": (5, {"seconds": st.sampled_from([1, 4, LOOK_DELAY + 1, LEASE + 1, 1000])}),
}
NAMES = [name for name, (weight, _) in ACTS.items() for _ in range(weight)]
ACT = st.sampled_from(NAMES).flatmap(lambda name: st.tuples(st.just(name), st.fixed_dictionaries(ACTS[name][1])))


def times_of(row: models.Model) -> list[str]:
    return [field.name for field in row._meta.fields if isinstance(field, models.DateTimeField)]


class Worker:
    """What a process has in hand: the connection as it read it, and errands on their way."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.to_call, self.done = [], []

    def let_pass(self, seconds: float) -> None:
        for errand in self.to_call + self.done:
            errand.begin_before -= seconds
            if errand.started_at:
                errand.started_at -= timedelta(seconds=seconds)
            for name in times_of(errand.export):
                if value := getattr(errand.export, name):
                    setattr(errand.export, name, value - timedelta(seconds=seconds))


class Exports(RuleBasedStateMachine):
    """One company, three candidates, two jobs, two postings, two workers."""

    far: FarSide  # set by the test

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    @initialize()
    def connect(self) -> None:
        self.company = make_company()
        self.far.__init__(f"account-{self.company.pk}", ["posting-1", "posting-2"], late_seconds=LOOK_DELAY * 0.9)
        self.alice = make_admin(self.company)
        self.candidates = [make_candidate(name, is_discoverable=True) for name in ("Ana", "Ben", "Cem")]
        self.jobs = [make_job(self.company, "One"), make_job(self.company, "Two")]
        self.reconnect()
        self.refresh_postings()
        self.link(0, "posting-1")
        self.link(1, "posting-2")
        self.workers = [Worker(self.read_connection()), Worker(self.read_connection())]

    @rule(act=ACT)
    def happens(self, act) -> None:
        # One rule for all: hypothesis would leave some rules out of most examples, and here nothing happens alone.
        name, arguments = act
        getattr(self, name)(**arguments)

    # -- People --------------------------------------------------------------------------------------------------------

    def apply(self, person, job):
        if self.candidates[person].erased_at or self.application(person, job):
            return
        with company_scope(self.company):
            application = make_application(self.jobs[job], self.candidates[person], note="Hello")
            actions.request_exports(application=application)

    def click(self, person, job):
        target = None if job is None else self.jobs[job]
        with company_scope(self.company), contextlib.suppress(actions.Refused):
            actions.send_candidates(
                company=self.company, candidates=[self.candidates[person]], job=target, requested_by=self.alice
            )

    def withdraw(self, person, job):
        if application := self.application(person, job):
            with company_scope(self.company):
                people.withdraw(application=application)

    def change_their_mind(self, person, job):
        self.withdraw(person, job)
        self.apply(person, job)

    def erase(self):
        people.erase(candidate=self.candidates[2])

    def link(self, job, posting):
        with company_scope(self.company), contextlib.suppress(actions.Refused):
            pk = Posting.objects.get(external_id=posting).pk
            actions.link_job(company=self.company, job=self.jobs[job], posting_pk=pk, linked_by=self.alice)

    def unlink(self, job):
        with company_scope(self.company):
            actions.unlink_job(company=self.company, job=self.jobs[job], unlinked_by=self.alice)

    def retry(self):
        with company_scope(self.company):
            actions.retry_exports(company=self.company, exports=CandidateExport.objects.all(), requested_by=self.alice)

    def dismiss(self):
        with company_scope(self.company):
            actions.dismiss_exports(
                company=self.company, exports=CandidateExport.objects.all(), dismissed_by=self.alice
            )

    def disconnect(self):
        with company_scope(self.company):
            actions.close_connection(connection=self.read_connection(), closed_by=self.alice)

    def reconnect(self):
        with company_scope(self.company):
            self.connection = actions.open_connection(
                company=self.company, provider=SLUG, tokens=self.far.grant(), connected_by=self.alice
            )
            actions.back_fill(connection=self.connection, requested_by=self.alice)

    def change_posting(self, posting, is_open):
        self.far.is_open[posting] = is_open

    def refresh_postings(self):
        self.let_tokens_come()
        self.far.mood = "good"
        mirroring.refresh_account(self.connection.pk)

    # -- Workers, a step at a time -------------------------------------------------------------------------------------

    def claim(self, worker, limit, begins):
        mine = self.workers[worker]
        with company_scope(self.company):
            if begins:
                mine.connection = self.read_connection()
                release_expired(mine.connection)
            if not mine.connection.is_active:
                return
            exports = claim(mine.connection, CallCounts.of(self.far), tokens=10, limit=limit)
            assert not exports or self.read_connection().is_active, "claimed for a connection that had ended"
            errands = pack(self.far, mine.connection, exports) if exports else []
        for errand in errands:
            errand.begin_before = draining.slices.time.monotonic() + LEASE
            errand.begin_before -= django_settings.EXPORTS["call_deadline_seconds"]
            (mine.to_call if errand.is_to_call else mine.done).append(errand)

    def call(self, worker, mood):
        mine = self.workers[worker]
        if mine.to_call:
            self.far.mood = mood
            client = self.far.open_client("test", mine.connection.access_token, deadline=20)
            errand = mine.to_call.pop(0)
            errand.client = client
            call(errand, self.far)
            mine.done.append(errand)

    def record(self, worker):
        mine = self.workers[worker]
        if mine.done:
            with company_scope(self.company):
                record(self.far, mine.connection, mine.done)
                if any(isinstance(errand.outcome, ConnectionLost) for errand in mine.done):
                    actions.lose_connection(connection=mine.connection, code="grant_dead")
        mine.done = []

    def crash(self, worker):
        self.workers[worker] = Worker(self.workers[worker].connection)

    def deliver_a_nudge_twice(self, mood):
        self.far.mood = mood
        for _ in range(2):
            self.let_tokens_come()
            draining.drain(self.connection.pk)

    def let_pass(self, seconds):
        with company_scope(self.company):
            for model in (CandidateExport, Connection, Application, PostingLink):
                model.objects.update(**{name: F(name) - timedelta(seconds=seconds) for name in times_of(model)})
        for each in self.workers:
            each.let_pass(seconds)
        self.far.let_pass(seconds)

    # -- What always holds ---------------------------------------------------------------------------------------------

    @invariant()
    def nobody_is_there_twice(self):
        there = [(each.email, each.posting_id) for each in self.far.records + self.far.coming]
        assert len(there) == len(set(there)), f"twice there: {there}"
        assert all(each.notes <= 1 for each in self.far.records), "a note stands twice"

    @invariant()
    def rows_say_what_is_true(self):
        there = {each.external_id for each in self.far.records}
        for row in self.exports():
            told = f"{row}: {row.follow_up}, {row.held_reason}, {row.failure_code}, {row.cancelled_reason}"
            in_hand = row.state == "sending" or row.follow_up == "sending"
            assert (row.claim is not None) == (row.claimed_until is not None) == in_hand, told
            assert (row.state == "sent") == bool(row.external_id) == bool(row.sent_at), told
            assert (row.state == "cancelled") == bool(row.cancelled_reason), told
            assert row.state == "sent" or row.follow_up == "none", told
            assert row.state != "failed" or row.failure_code, told
            assert not row.held_reason or row.state in ("waiting", "sending"), told
            if row.look_first:
                assert row.look_since and (row.look_email or row.candidate.erased_at), told
            if row.state == "sent":
                assert row.external_id in there and not row.look_first, told

    # -- Helpers -------------------------------------------------------------------------------------------------------

    def application(self, person, job):
        with company_scope(self.company):
            standing = Application.objects.standing()
            return standing.filter(candidate=self.candidates[person], job=self.jobs[job]).first()

    def let_tokens_come(self) -> None:
        redis_client().delete(f"pace:{self.connection.bucket}")
        fill_bucket(self.connection)

    def read_connection(self) -> Connection:
        with company_scope(self.company):
            return Connection.objects.select_related("company").get(pk=self.connection.pk)

    def exports(self) -> list[CandidateExport]:
        if not hasattr(self, "workers"):
            return []
        with company_scope(self.company):
            return list(CandidateExport.objects.select_related("candidate"))


@pytest.fixture
def machine(monkeypatch, settings):
    Exports.far = FarSide("", [], 0)
    Exports.far.register(monkeypatch, settings)
    settings.EXPORTS = {**settings.EXPORTS, "slice_seconds": 60, "pool_size": 1}
    return Exports


def test_exports_keep_their_promises_whatever_happens(machine):
    run_state_machine_as_test(machine, settings=PROFILE)


HER = {"person": 0, "job": 0}
LATE, GOOD = ("deliver_a_nudge_twice", {"mood": "late"}), ("deliver_a_nudge_twice", {"mood": "good"})
LANDED = ("let_pass", {"seconds": LOOK_DELAY + 1})


@pytest.mark.parametrize(
    "meanwhile",
    [
        pytest.param([("change_their_mind", HER)], id="withdrawn and applied again"),
        pytest.param([("disconnect", {}), ("reconnect", {})], id="disconnected and connected again"),
        pytest.param([("unlink", {"job": 0}), ("link", {"job": 0, "posting": "posting-2"})], id="another posting"),
        pytest.param([("withdraw", HER), ("click", HER)], id="withdrawn and sent by hand"),
    ],
)
def test_a_create_that_lands_late_is_found_whatever_happened_meanwhile(machine, meanwhile):
    exports = machine()
    exports.connect()
    for act in [("apply", HER), LATE, *meanwhile, GOOD, LANDED, GOOD, LANDED, GOOD]:
        exports.happens(act)
        exports.nobody_is_there_twice()
        exports.rows_say_what_is_true()
    assert {row.state for row in exports.exports()} <= {"sent", "cancelled"}
    exports.teardown()


EXAMPLES = int(os.environ.get("STATE_MACHINE_EXAMPLES", "0"))
PROFILE = settings(
    max_examples=EXAMPLES or 20,
    stateful_step_count=60 if EXAMPLES else 40,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    # Shrinking a failure takes minutes here; the steps of the first one found are told as they were.
    phases=[Phase.generate],
)
