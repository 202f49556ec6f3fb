"""The story: sign up, connect, connect a job, apply, send by hand, lose access, get it back."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings

from purposejobs.smoke.browser import Browser, Page
from purposejobs.smoke.people import Applicant

# The emulator's seeded account, and who is who there.
ACCOUNT, SUPER_ADMIN, POSTING = "Northwind Instruments", "Rosa Lindqvist", "Backend Engineer"
COMPANY, RECRUITER = "Smoke & Sons", "Sam Smoke"
# "A moment later" in the story; a wait for the next sweep or a fresh list may take some of them.
SECONDS = 15.0

Found = TypeVar("Found")


class Unexpected(Exception):
    """The product did not keep its promise; the text says what was seen instead."""


class Story:
    """Walks the steps in order; `step` is the one under way, `say` prints what was seen."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.step = "begin"
        self.began = time.monotonic()
        self.recruiter, self.emulator, self.visitor = Browser(), Browser(), Browser()
        self.emulator.http = self.recruiter.http  # the same person's other tab
        self.account = ""
        self.job_url = ""
        self.ada = Applicant(
            "Ada Anders",
            phone="+49 30 23125 042",
            links=("https://ada.example/", "https://people.example/in/ada"),
            note="I measured your pumps for a year; I know what is missing.",
        )

    def tell(self) -> None:
        """Walk through everything. Raises Unexpected, NotOnPage, or an error of `requests`."""
        for step in (
            self.sign_up,
            self.decline,
            self.connect,
            self.read_postings,
            self.connect_a_job,
            self.apply,
            self.arrive,
            self.see_the_card,
            self.apply_twice,
            self.send_by_hand,
            self.lose_access,
            self.reconnect,
        ):
            self.step = step.__name__.replace("_", " ")
            seen = step()
            self.say(f"{time.monotonic() - self.began:6.1f} s  {self.step:<15} {seen}")

    # -- The steps: each does what a person does, and returns what was seen ------------------------------------------

    def sign_up(self) -> str:
        """A new recruiter founds a company and lands on its dashboard."""
        me = self.recruiter
        me.open(f"{settings.PUBLIC_URL}/accounts/signup/")
        page = me.press(
            "Create account",
            name=RECRUITER,
            company_name=COMPANY,
            email="sam@smoke.example",
            password1="a long walk over HTTP",
        )
        _must(page, "Dashboard", "Jobs", "Candidates", "Account Settings")
        return f"{COMPANY} is founded, the dashboard is at {_path(page.url)}"

    def decline(self) -> str:
        """The card says both conditions; declining leaves nothing half-connected."""
        me = self.recruiter
        me.follow("Account Settings")
        page = me.follow("Integrations")
        _must(page, "Not connected", "Your company uses Lever", "Super Admin")
        me.follow("Lever")
        me.press(SUPER_ADMIN)  # signing in at the emulator
        _must(me.page, "asks for access", ACCOUNT)
        page = me.press("Decline")
        _must(page, "Lever did not give access", "Not connected")
        return "declined at Lever's page: one sentence, still not connected"

    def connect(self) -> str:
        """Accept at Lever's page leads back, and the card is Active."""
        page = self._accept()
        self.account = next(row["id"] for row in self._control("/accounts")["accounts"] if row["name"] == ACCOUNT)
        return f"accepted as a Super Admin of {ACCOUNT}: {_word(page, 'Active')}"

    def read_postings(self) -> str:
        """The list of postings comes by itself, and again on Refresh."""
        me = self.recruiter
        me.follow("Lever")
        me.follow("Job mapping")
        self._until(lambda: me.reload().has("open postings of"), "the list of postings")
        before = self._calls("/v1/postings")
        me.press("Refresh")
        me.follow("Job mapping")
        self._until(lambda: self._calls("/v1/postings") > before, "another list of postings")
        self._until(lambda: me.reload().has("open postings of"), "the refreshed list of postings")
        return f"listed and refreshed: {_around(me.page, 'open postings of')}"

    def connect_a_job(self) -> str:
        """A published job gets its posting through Edit, "Connect Lever Job" and Save."""
        me = self.recruiter
        for title in ("Backend Engineer (Telemetry)", "Office Manager"):
            me.follow("Jobs")
            me.follow("New job")
            me.press("Save and publish", title=title, location="Berlin", description="We **build** things.")
        me.follow("Jobs")
        me.follow("Edit Backend Engineer (Telemetry)")
        _must(me.page, "Connect Lever Job")
        form, _ = me.page.form("Save")
        chosen = form.choice("posting", POSTING)
        me.press("Save", posting=chosen)
        me.follow("Jobs")
        me.follow("Edit Backend Engineer (Telemetry)")
        form, _ = me.page.form("Save")
        if form.values["posting"] != chosen:
            raise Unexpected("the chosen posting was not saved")
        self.job_url = me.page.link("View page")
        return f"two jobs published, one connected to the posting {POSTING}"

    def apply(self) -> str:
        """Somebody finds the job on the board and applies, knowing where it goes."""
        page = self.visitor.open(f"{settings.PUBLIC_URL}/jobs/")
        page = self.visitor.follow("Backend Engineer (Telemetry)")
        page = self._apply(self.ada, page.url)
        return f"{self.ada.name} applied with a résumé of {len(self.ada.resume)} bytes: {_word(page, 'Thank you')}"

    def arrive(self) -> str:
        """The candidate stands in Lever once, as promised in every detail."""
        ada = self.ada
        began = time.monotonic()
        self._until(lambda: self._opportunities(ada), "the candidate in Lever")
        waited = time.monotonic() - began
        self._until(lambda: self._only(ada)["notes"] and self._only(ada)["phones"], "the note and the phone in Lever")
        there = self._only(ada)
        links = [link for link in there["links"] if link.startswith(f"{settings.PUBLIC_URL}/c/")]
        wanted: dict[str, tuple[object, object]] = {
            "name": (there["name"], ada.name),
            "stage": (there["stage"], "lead-new"),
            "tags": ("Purpose Jobs" in there["tags"], True),
            "origin": (there["origin"], "sourced"),
            "source": (there["sources"], ["Purpose Jobs"]),
            "headline": (there["headline"], "Engineer of small things"),
            "location": (there["location"], "Berlin"),
            "résumé": ([file["sha256"] for file in there["resumes"]], [ada.sha256]),
            "phone": ([phone["value"] for phone in there["phones"]], [ada.phone]),
            "links": ([link for link in there["links"] if link not in links], list(ada.links)),
            "profile link": (len(links), 1),
            "note": ([note["values"] for note in there["notes"]], [[ada.note]]),
        }
        wrong = [f"{name} is {is_!r}, not {ought!r}" for name, (is_, ought) in wanted.items() if is_ != ought]
        if wrong:
            raise Unexpected("; ".join(wrong))
        _must(self.recruiter.open(links[0]), ada.name)
        return f"in New lead after {waited:.1f} s; {', '.join(list(wanted)[2:])} as sent, byte for byte"

    def see_the_card(self) -> str:
        """The recruiter sees where the candidate stands, and the way there."""
        page = self._card(self.ada)
        self._until(lambda: self.recruiter.reload().has("In Lever", "New lead"), "the card's mark")
        url = self.recruiter.page.link("View in Lever")
        if url != self._only(self.ada)["urls"]["show"]:
            raise Unexpected(f"View in Lever leads to {url}")
        _must(self.emulator.open(url), self.ada.name)
        return f"{_path(page.url)} says In Lever, New lead; View in Lever shows the profile"

    def apply_twice(self) -> str:
        """Neither another application nor another click makes another one."""
        _must(self._apply(self.ada, self.job_url), "Thank you")
        self._card(self.ada)
        page = self.recruiter.follow("Send to Lever")
        _must(page, "Already in Lever")
        # Whoever had the page open before still has the button: the same form, sent all the same.
        form = next(form for form in page.forms if form.action == page.url.partition("?")[0])
        for _ in range(2):
            answer = self.recruiter.http.post(form.action, data=form.values, headers={"Referer": page.url}, timeout=20)
            answer.raise_for_status()
        self._until(self._is_quiet, "the queue to be empty")
        self._only(self.ada)
        return "a second application and two clicks on Send to Lever: still one"

    def send_by_hand(self) -> str:
        """Somebody who applied to a job that is not connected is sent by Share, Send to Lever."""
        bruno = Applicant("Bruno Berg", note="By post, if need be.")
        self.visitor.open(f"{settings.PUBLIC_URL}/jobs/")
        self._apply(bruno, self.visitor.page.link("Office Manager"))
        self._card(bruno)
        page = self.recruiter.follow("Send to Lever")
        _must(page, bruno.email, POSTING)
        form, _ = page.form("Send to Lever")
        page = self.recruiter.press("Send to Lever", job=form.choice("job", POSTING))
        self._until(lambda: self._opportunities(bruno), "the candidate sent by hand in Lever")
        there = self._only(bruno)
        if there["posting"] is None or [file["sha256"] for file in there["resumes"]] != [bruno.sha256]:
            raise Unexpected("it arrived without its posting or its résumé")
        self._until(lambda: self.recruiter.reload().has("In Lever"), "the card's mark")
        return f"{bruno.name} is in Lever for {POSTING}, with the résumé"

    def lose_access(self) -> str:
        """Revoke Access in Lever: the card says Reconnect, admins are told once, a new applicant waits."""
        self._until(self._is_quiet, "the queue to be empty")
        self.emulator.open(f"{settings.LEVER_EMULATOR_URL}/settings/integrations")
        self.emulator.press("Revoke Access")
        carla = Applicant("Carla Cohen")
        _must(self._apply(carla, self.job_url), "Thank you")
        me = self.recruiter
        me.open(f"{settings.PUBLIC_URL}/")
        me.follow("Account Settings")
        me.follow("Integrations")
        self._until(lambda: me.reload().has("Reconnect Lever", "nobody is lost"), "Reconnect on the card")
        self._card(carla)
        self._until(lambda: me.reload().has("Waiting"), "the mark of somebody who waits")
        if self._opportunities(carla):
            raise Unexpected("somebody was sent without access")
        return f"the card says Reconnect, {carla.name} waits{self._mails()}"

    def reconnect(self) -> str:
        """Accept again, and whoever waited goes out by itself."""
        carla = Applicant("Carla Cohen")
        page = self._accept("Reconnect Lever")
        self._until(lambda: self._opportunities(carla), "the one who waited in Lever")
        self._only(carla)
        self._only(self.ada)
        self._card(carla)
        self._until(lambda: self.recruiter.reload().has("In Lever"), "the card's mark")
        return f"{_word(page, 'Active')} again, and {carla.name} arrived without anybody asking"

    # -- What several steps do ------------------------------------------------------------------------------------

    def _accept(self, link: str = "Lever") -> Page:
        me = self.recruiter
        me.open(f"{settings.PUBLIC_URL}/")
        me.follow("Account Settings")
        me.follow("Integrations")
        me.follow(link)
        _must(me.page, "asks for access", SUPER_ADMIN)
        page = me.press("Accept")
        _must(page, "Active", "Lever is connected")
        return page

    def _apply(self, who: Applicant, job_url: str) -> Page:
        self.visitor.open(job_url)
        page = self.visitor.follow("Apply")
        _must(page, "applicant-tracking system")  # that it goes there is said before anything is sent
        resume = {"resume": (f"{who.name}.pdf", who.resume, "application/pdf")}
        return self.visitor.press(
            "Send application",
            resume,
            name=who.name,
            email=who.email,
            phone=who.phone,
            location="Berlin",
            headline="Engineer of small things",
            links="\n".join(who.links),
            note=who.note,
        )

    def _card(self, who: Applicant) -> Page:
        me = self.recruiter
        me.open(f"{settings.PUBLIC_URL}/")
        me.follow("Candidates")
        return me.follow(who.name)

    def _mails(self) -> str:
        """Say that the admin was told once, where mail is kept as files."""
        if "filebased" not in settings.EMAIL_BACKEND:
            return ""
        subject = f"Subject: {COMPANY}: reconnect Lever"

        def told() -> int:
            files = Path(settings.EMAIL_FILE_PATH).glob("*.log")
            return sum(file.read_text(errors="replace").count(subject) for file in files)

        self._until(told, "the e-mail to the admin")
        if told() != 1:
            raise Unexpected(f"the admin got {told()} e-mails")
        return ", the admin got one e-mail"

    # -- What the far side knows ----------------------------------------------------------------------------------

    def _control(self, path: str, **narrowed: str) -> dict[str, Any]:
        answer = self.visitor.http.get(f"{settings.LEVER_EMULATOR_URL}/_control{path}", params=narrowed, timeout=20)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def _opportunities(self, who: Applicant) -> list[dict[str, Any]]:
        found = self._control(f"/accounts/{self.account}/opportunities", email=who.email)
        opportunities: list[dict[str, Any]] = found["opportunities"]
        return opportunities

    def _only(self, who: Applicant) -> dict[str, Any]:
        found = self._opportunities(who)
        if len(found) != 1:
            raise Unexpected(f"{who.name} is in Lever {len(found)} times")
        return found[0]

    def _calls(self, template: str) -> int:
        return len(self._control("/requests", template=template)["requests"])

    def _is_quiet(self) -> bool:
        """Say whether nobody waits or is being sent, as the page of exports tells."""
        home = self.recruiter.http.get(f"{settings.PUBLIC_URL}/", timeout=20).url
        page = Page(home, self.recruiter.http.get(f"{home}exports/?state=waiting", timeout=20).text)
        return page.has("Waiting 0")

    def _until(self, condition: Callable[[], Found], what: str, seconds: float = SECONDS) -> Found:
        """Ask again and again until it is so."""
        ends_at = time.monotonic() + seconds
        while not (found := condition()):
            if time.monotonic() > ends_at:
                raise Unexpected(f"waited {seconds:.0f} s in vain for {what}")
            time.sleep(0.1)
        return found


def _must(page: Page, *texts: str) -> None:
    missing = [text for text in texts if text not in page.text]
    if missing:
        raise Unexpected(f"{_path(page.url)} does not say {missing[0]!r}")


def _word(page: Page, word: str) -> str:
    _must(page, word)
    return f"the page says {word}"


def _around(page: Page, words: str) -> str:
    before, _, after = page.text.partition(words)
    return f"{before.split()[-1]} {words} {after.split()[0]}"


def _path(url: str) -> str:
    return urlsplit(url).path
