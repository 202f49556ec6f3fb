"""What must be true in the end, whatever happened, and the table that says so."""

import collections
import hashlib
from datetime import timedelta

from django.conf import settings

from candidates.models import Application
from integrations.models import Activity, CandidateExport, Connection, ExportAttempt, Posting, PostingLink
from integrations.wording import FAILURES
from tests.faults.town import House
from tests.faults.trouble import Trouble

TAG = "Purpose Jobs"


class Verdict:
    """Looks at every export on our side and every opportunity on the other."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        self.wrong: list[str] = []
        self.counts: collections.Counter[str] = collections.Counter()
        self.failed: collections.Counter[str] = collections.Counter()
        self.cancelled: collections.Counter[str] = collections.Counter()
        self.held: collections.Counter[str] = collections.Counter()
        for house in trouble.houses:
            self._look_at(house)
        for log in trouble.ended_by_themselves:
            self.counts["processes that ended by themselves"] += 1
            self.wrong.append(f"a process ended by itself: {log}")

    def _say(self, what: str, house: House, sentence: str) -> None:
        self.counts[what] += 1
        self.wrong.append(f"{what}: {house.company.name}: {sentence}")

    def _look_at(self, house: House) -> None:
        self.connection = Connection.objects.using("owner").get(pk=house.connection.pk)
        rows = CandidateExport.objects.using("owner").filter(connection=self.connection)
        self.exports = list(rows.select_related("candidate", "posting", "job"))
        self.applications = collections.defaultdict(list)
        for application in Application.objects.using("owner").filter(company=house.company).select_related("candidate"):
            self.applications[application.candidate_id].append(application)
        path = f"/accounts/{house.account_id}/opportunities"
        there = self.trouble.stack.emulator.control("GET", path, tag=TAG)["opportunities"]
        self.there = {row["id"]: row for row in there}
        self._look_for_lost(house)
        for export in self.exports:
            self.counts["exports"] += 1
            self._look_at_export(house, export)
        self._look_for_strangers(house)
        self._look_for_calls_without_access(house)

    # -- Our side ------------------------------------------------------------------------------------------------------

    def _look_for_lost(self, house: House) -> None:
        """Whoever applied is there, or on the way, for each job, at a posting that was the job's at some time.

        Only a recruiter may have put them aside.
        """
        self.counts["people"] += len(house.people) + len(house.latecomers)
        going = collections.defaultdict(list)
        for export in self.exports:
            if export.state != "cancelled" or export.cancelled_reason == "dismissed":
                going[export.candidate_id].append(export)
        stored = {(one.candidate.email, one.job_id) for group in self.applications.values() for one in group}
        for email, job in set(house.thanked) - stored:
            self._say("lost", house, f"{email} was thanked for applying to job {job}, and no application is there")
        ever = self._postings_of_jobs(house)
        for candidate, group in self.applications.items():
            for application in group:
                ours = ever[application.job_id]
                is_covered = any(
                    export.job_id == application.job_id or export.posting and export.posting.title in ours
                    for export in going[candidate]
                )
                if not application.withdrawn_at and not is_covered:
                    self._say("lost", house, f"application {application.pk} of candidate {candidate}")

    def _postings_of_jobs(self, house: House) -> dict[int | None, set[str]]:
        """Return the titles of the postings that each job was connected with at any time, as the record says."""
        ever: dict[int | None, set[str]] = collections.defaultdict(set)
        for act in Activity.objects.using("owner").filter(company=house.company, verb=Activity.Verb.LINKED):
            ever[act.job_id].add(act.detail)
        return ever

    def _look_at_export(self, house: House, export: CandidateExport) -> None:
        name = f"export {export.pk}"
        if export.claim:
            self._say("stuck", house, f"{name} is in somebody's hands")
        match export.state:
            case "sent":
                self.counts["sent"] += 1
                self._look_at_sent(house, export, name)
            case "failed":
                self.failed[export.failure_code] += 1
                self._look_at_failed(house, export, name)
            case "cancelled":
                self.cancelled[export.cancelled_reason] += 1
                self._look_at_cancelled(house, export, name)
            case "waiting" if self.connection.state == "needs_reconnect":
                self.counts["waiting behind a lost connection"] += 1
                if not house.is_left_lost:
                    self._say("stuck", house, f"{name} waits behind a connection that was to be reconnected")
            case "waiting" if export.held_reason:
                self.held[export.held_reason] += 1
                self._look_at_held(house, export, name)
            case _:
                self._say(
                    "stuck", house, f"{name} is {export.state} since {export.changed_at}, look {export.look_first}"
                )

    def _look_at_sent(self, house: House, export: CandidateExport, name: str) -> None:
        row = self.there.get(export.external_id)
        if row is None:
            self._say("lost", house, f"{name} is said to be there as {export.external_id}, and is not")
            return
        if export.candidate.email not in row["emails"]:
            self._say("lost", house, f"{name} is said to be {export.external_id}, which is somebody else")
        if export.posting and row["posting"] != export.posting.external_id:
            self._say("lost", house, f"{name} is on another posting there")
        self._look_at_resume(house, export, name, row)
        self._look_at_notes(house, export, name, row)

    def _look_at_resume(self, house: House, export: CandidateExport, name: str, row: dict) -> None:
        files = [one.resume for one in [export.candidate, *self.applications[export.candidate_id]] if one.resume]
        if not files:
            return
        with files[0].open("rb") as file:
            ours = hashlib.sha256(file.read()).hexdigest()
        if [resume["sha256"] for resume in row["resumes"]] != [ours]:
            self._say("résumé missing or cut", house, f"{name} has {row['resumes']} there")
        self.counts["résumés"] += 1

    def _look_at_notes(self, house: House, export: CandidateExport, name: str, row: dict) -> None:
        """One note; none where the application was withdrawn before it went, or where it waits for a person."""
        texts = [value for note in row["notes"] for value in note["values"]]
        theirs = {application.note for application in self.applications[export.candidate_id]}
        self.counts["notes"] += len(texts)
        if any(text not in theirs for text in texts):
            self._say("note of somebody else", house, f"{name}: {texts}")
        if len(texts) > 1:
            self._say("note twice", house, f"{name} has {len(texts)} notes there: {texts}")
        standing = [one for one in self.applications[export.candidate_id] if not one.withdrawn_at]
        everybody_stands = standing and len(standing) == len(self.applications[export.candidate_id])
        waits_for_access = export.follow_up == "waiting" and house.is_left_lost
        if everybody_stands and not texts and (export.follow_up == "failed" or waits_for_access):
            self.counts["notes that failed" if export.follow_up == "failed" else "notes that wait as well"] += 1
        elif everybody_stands and not texts and export.sent_at > max(one.created_at for one in standing):
            self._say("note missing", house, f"{name}, follow-up {export.follow_up}")

    def _look_at_failed(self, house: House, export: CandidateExport, name: str) -> None:
        attempts = ExportAttempt.objects.using("owner").filter(export=export)
        newest = attempts.order_by("-started_at", "-pk").first()
        is_refused = newest and newest.outcome == "rejected" and newest.code == export.failure_code
        if not is_refused or export.failure_code == "internal_error" or export.failure_code not in FAILURES:
            self._say("failed without a reason", house, f"{name}: {export.failure_code}, newest {newest}")

    def _look_at_held(self, house: House, export: CandidateExport, name: str) -> None:
        posting = Posting.objects.using("owner").filter(pk=export.posting_id).first()
        is_closed = posting is not None and not posting.accepts_candidates
        links = PostingLink.objects.using("owner")
        elsewhere = links.filter(job_id=export.job_id).exclude(posting_id=export.posting_id).exists()
        asked = [one.job_id for one in self.applications[export.candidate_id] if not one.withdrawn_at]
        here = links.filter(job_id__in=asked, posting_id=export.posting_id).exists()
        if export.held_reason == "no_acting_user" or not is_closed or export.look_first or (elsewhere and not here):
            self._say("held without a reason", house, f"{name}: {export.held_reason}, look {export.look_first}")

    def _look_at_cancelled(self, house: House, export: CandidateExport, name: str) -> None:
        applications = self.applications[export.candidate_id]
        verbs = Activity.objects.using("owner").filter(company=house.company)
        twins = [row for row in self.exports if row.candidate_id == export.candidate_id and row.pk != export.pk]
        links = PostingLink.objects.using("owner").filter(posting_id=export.posting_id)
        asked = {one.job_id for one in applications if not one.withdrawn_at}
        reason = {
            "withdrawn": any(application.withdrawn_at for application in applications),
            "unlinked": not links.filter(job_id__in=asked).exists() or any(row.state != "cancelled" for row in twins),
            "already_queued": bool(twins),
            "disconnected": verbs.filter(verb=Activity.Verb.DISCONNECTED).exists(),
            "hidden": not asked and not export.candidate.is_discoverable,
            "dismissed": verbs.filter(verb=Activity.Verb.DISMISSED, candidate_id=export.candidate_id).exists(),
        }.get(export.cancelled_reason, False)
        if not reason:
            self._say("cancelled without a reason", house, f"{name}: {export.cancelled_reason}")

    # -- The other side ------------------------------------------------------------------------------------------------

    def _look_for_strangers(self, house: House) -> None:
        """Each opportunity belongs to one export: sent, or one that remembers to look before it sends again."""
        ours = {export.external_id for export in self.exports if export.external_id}
        places = collections.Counter((row["contact"], row["posting"]) for row in self.there.values())
        for (contact, posting), count in places.items():
            if count > 1:
                self._say("duplicates", house, f"{count} opportunities of contact {contact} on posting {posting}")
        unclear = {(export.look_email.lower(), export.look_posting_id) for export in self.exports if export.look_first}
        for row in self.there.values():
            if row["id"] in ours:
                continue
            if any((email.lower(), row["posting"] or "") in unclear for email in row["emails"]):
                self.counts["there, to be found before a next try"] += 1
            else:
                self._say("opportunity without an export", house, f"{row['id']} of {row['emails']}")

    def _look_for_calls_without_access(self, house: House) -> None:
        """Once a lost connection was noticed nothing is sent until it is connected again."""
        verbs = [Activity.Verb.LOST, Activity.Verb.DISCONNECTED, Activity.Verb.CONNECTED, Activity.Verb.RECONNECTED]
        acts = Activity.objects.using("owner").filter(company=house.company, verb__in=verbs).order_by("created_at")
        # What was begun in the slice that noticed it may still run.
        grace = timedelta(seconds=settings.EXPORTS["slice_seconds"] + settings.EXPORTS["call_deadline_seconds"])
        lost_at = None
        for act in [*acts, None]:
            is_back = act is None or act.verb in (Activity.Verb.CONNECTED, Activity.Verb.RECONNECTED)
            if lost_at and is_back:
                calls = ExportAttempt.objects.using("owner").filter(export__connection=self.connection)
                calls = calls.filter(started_at__gt=lost_at + grace)
                if act:
                    calls = calls.filter(started_at__lt=act.created_at)
                if count := calls.count():
                    self._say("sent without access", house, f"{count} calls after {lost_at}")
            if is_back:
                lost_at = None
            elif lost_at is None:
                lost_at = act.created_at

    # -- The table -----------------------------------------------------------------------------------------------------

    def table(self) -> list[tuple[str, object]]:
        trouble = self.trouble
        counters = trouble.stack.emulator.control("GET", "/counters")
        attempts = ExportAttempt.objects.using("owner")
        outcomes: collections.Counter[str] = collections.Counter(
            f"{kind} {outcome}" for kind, outcome in attempts.values_list("kind", "outcome")
        )
        names = ["sent", "waiting behind a lost connection", "résumés", "notes", "notes that failed"]
        names += ["notes that wait as well", "there, to be found before a next try"]
        wrong = ["duplicates", "lost", "stuck", "note twice", "note missing", "note of somebody else"]
        wrong += ["résumé missing or cut", "opportunity without an export", "failed without a reason"]
        wrong += [
            "processes that ended by themselves",
            "held without a reason",
            "cancelled without a reason",
            "sent without access",
        ]
        return [
            ("companies", len(trouble.houses)),
            ("people, exports", f"{self.counts['people']}, {self.counts['exports']}"),
            ("applications by the public form", sum(len(set(house.thanked)) for house in trouble.houses)),
            *[(f"fault {kind}", count) for kind, count in sorted(trouble.injected.items())],
            *[(f"there: {act}", count) for act, count in sorted(trouble.far_acts.items())],
            *[(f"killed: {name}", count) for name, count in sorted(trouble.kills.items())],
            *[(f"here: {act}", count) for act, count in sorted(trouble.acts.items())],
            ("people got an error", sum(trouble.undone.values())),
            ("requests, 429 by the rate limit", f"{counters['requests']}, {counters['rate_limited']}"),
            ("attempts", attempts.count()),
            *[(f"attempts: {name}", count) for name, count in sorted(outcomes.items())],
            *[(name, self.counts[name]) for name in names],
            *[(f"failed: {code}", count) for code, count in sorted(self.failed.items())],
            *[(f"held: {reason}", count) for reason, count in sorted(self.held.items())],
            *[(f"cancelled: {reason}", count) for reason, count in sorted(self.cancelled.items())],
            *[(name, self.counts[name]) for name in wrong],
        ]
