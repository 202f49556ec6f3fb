"""The candidate card: how a recruiter sees a person. Made for a whole page at once, in two queries."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from accounts.models import Company
from candidates.models import Application, Candidate, Profile

# What a row of the list has room for; candidates/_row.html cuts there.
ROW_SKILLS, ROW_APPLICATIONS = 4, 2


@dataclass(frozen=True)
class Card:
    """One person as one company may see them.

    What was submitted to the company comes before the profile, as with what travels to the ATS: all of it from one
    source. The rest of the profile is shown only where it is open to the company.
    """

    candidate: Candidate
    source: Profile
    email: str
    # Newest first.
    applications: list[Application] = field(default_factory=list)
    shows_profile: bool = False

    @property
    def is_unconfirmed(self) -> bool:
        """Whether nobody has shown yet that the address is theirs."""
        return bool(self.applications) and not any(
            application.is_confirmed and application.email.lower() == self.email.lower()
            for application in self.applications
        )

    @property
    def is_withdrawn(self) -> bool:
        return bool(self.applications) and not any(application.is_standing for application in self.applications)

    @property
    def has_resume(self) -> bool:
        return bool(self.source.resume) and (bool(self.applications) or self.shows_profile)

    @property
    def more_skills(self) -> int:
        """How many skills a row has no room for."""
        return max(len(self.candidate.skills) - ROW_SKILLS, 0)

    @property
    def more_applications(self) -> int:
        return max(len(self.applications) - ROW_APPLICATIONS, 0)

    @property
    def resume_application_pk(self) -> int | None:
        """The application whose résumé is shown; None: the profile's."""
        return self.source.pk if isinstance(self.source, Application) else None


def make_cards(company: Company, candidate_pks: Iterable[int]) -> list[Card]:
    """Return the cards of these candidates in their order; whoever the company does not see is left out."""
    candidate_pks = list(candidate_pks)
    applications: dict[int, list[Application]] = defaultdict(list)
    submitted = Application.objects.for_company(company).filter(candidate__in=candidate_pks).select_related("job")
    for application in submitted.defer("search_text").order_by("-created_at", "-pk"):
        applications[application.candidate_id].append(application)
    people = (
        Candidate.objects.visible_to(company).with_profile_mark(company).defer("search_text").in_bulk(candidate_pks)
    )
    return [_card(people[pk], applications[pk]) for pk in candidate_pks if pk in people]


def _card(candidate: Candidate, applications: list[Application]) -> Card:
    standing = next((application for application in applications if application.is_standing), None)
    source = standing or next(iter(applications), None)
    return Card(
        candidate=candidate,
        source=source or candidate,
        email=source.email if source else candidate.email,
        applications=applications,
        shows_profile=bool(getattr(candidate, "profile_is_open", False)),
    )
