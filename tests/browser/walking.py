"""Walking through the product in a browser, by the labels people see. Leaves its pictures.

The pictures go to `.local/pictures`; `make pictures` takes those from there that the documents show.
"""

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from purposejobs.demo.market import profile_of
from purposejobs.demo.resumes import draw
from tests.factories import PASSWORD

LEILA = profile_of(0)  # of the demo: she applies
PICTURES = Path(__file__).resolve().parents[2] / ".local" / "pictures"


class Story:
    """One walk through the product: a page in one colour scheme, its pictures, and what the browser complained of."""

    def __init__(self, page: Page, home: str, scheme: str) -> None:
        self.page, self.home, self.scheme = page, home, scheme
        self.complaints: list[str] = []
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def picture(self, name: str, page: Page | None = None) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        (page or self.page).screenshot(path=PICTURES / f"{name}-{self.scheme}.png", animations="disabled")

    def open(self, path: str = "") -> None:
        """Open a page of Acme."""
        self.page.goto(f"{self.home}/c/acme/{path}")

    def open_ats(self, url: str) -> Page:
        """Open a page of the ATS in a second tab, as Rosa, who may be signed in there already."""
        page = self.page.context.new_page()
        page.set_viewport_size({"width": 1920, "height": 900})  # all stages are seen at once
        page.goto(url)
        if page.url != url:
            page.get_by_role("button", name="Rosa Lindqvist").click()
            page.wait_for_url(url)
        return page

    def check_page(self) -> None:
        """Find no violation of WCAG 2.2 AA, and no complaint of the browser, about the page's policy for one."""
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        result = Axe().run(self.page, options={"runOnly": {"type": "tag", "values": tags}})
        assert result.violations_count == 0, f"{self.page.url}\n{result.generate_report()}"
        assert not self.complaints, f"{self.page.url}: {self.complaints}"

    def go(self, *labels: str) -> None:
        """Click links by their labels, one after the other."""
        for label in labels:
            self.page.get_by_role("link", name=label, exact=True).first.click()

    def see_that_it_is_in(self, label: str) -> None:
        """See the open card say that the candidate is in this ATS."""
        panel = self.page.get_by_role("region", name=label, exact=True)
        expect(panel.get_by_text(f"In {label}", exact=True)).to_be_visible(timeout=60_000)

    def is_asked_to_reconnect(self, label: str) -> bool:
        """Say whether the page of integrations asks now."""
        self.open("settings/integrations/")
        return self.page.get_by_role("link", name=f"Reconnect {label}", exact=True).count() > 0

    def sign_in(self, email: str) -> None:
        self.page.goto(f"{self.home}/accounts/login/")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").first.fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()

    def connect(self) -> None:
        """Go through the consent page of the ATS, signing in there if need be, and come back."""
        person, accept = (self.page.get_by_role("button", name=name) for name in ("Rosa Lindqvist", "Accept"))
        expect(person.or_(accept).first).to_be_visible()
        if person.count():
            person.click()
        self.picture("consent")
        accept.click()
        self.page.wait_for_url(f"{self.home}/c/acme/settings/integrations/**")


def apply_by_hand(story: Story, name: str, email: str, job: str = "Backend Engineer") -> None:
    page = story.page
    page.goto(f"{story.home}/jobs/")
    story.go(job, "Apply")
    page.get_by_label("Name").fill(name)
    page.get_by_label("E-mail").fill(email)
    attach_resume(page)
    page.get_by_role("button", name="Send application").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()


def attach_resume(page: Page) -> None:
    resume = {"name": "leila-farahani.pdf", "mimeType": "application/pdf", "buffer": draw(LEILA)}
    page.get_by_label("Résumé").set_input_files(resume)
