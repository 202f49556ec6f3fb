"""Résumés as PDF, one or two pages, drawn from what a person's trade does. The same person gets the same one."""

import random
from dataclasses import dataclass

from fpdf import FPDF

from purposejobs.demo.people import Person
from purposejobs.demo.trades import Trade

INK, SOFT, GREEN, LINE = (38, 36, 32), (112, 107, 98), (31, 92, 70), (214, 208, 196)
MARGIN, RIGHT, BOTTOM = 20, 190, 18  # millimetres of an A4 page
THIS_YEAR = 2026


@dataclass(frozen=True, slots=True)
class Post:
    title: str
    employer: str
    begun: int
    ended: int | None
    deeds: tuple[str, ...]

    @property
    def period(self) -> str:
        return f"{self.begun} - {self.ended or 'today'}"


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything a card and a résumé say of a person."""

    person: Person
    summary: str
    phone: str
    links: tuple[str, ...]
    skills: tuple[str, ...]
    values: tuple[str, ...]
    posts: tuple[Post, ...]
    degree: str


def career(person: Person, trade: Trade, chance: random.Random) -> tuple[Post, ...]:
    """Return the posts of a person, the present one first; the longer they worked, the more of them."""
    level = min(3, person.years // 3)
    count = level + 1
    borders = sorted(chance.sample(range(1, max(person.years, count) + 1), count - 1)) if count > 1 else []
    ends = [0, *borders]
    begins = [*borders, max(person.years, 1)]
    employers = chance.sample(trade.employers, count)
    deeds = chance.sample(trade.deeds, len(trade.deeds))
    titles = trade.titles[level::-1]
    return tuple(
        Post(
            title=titles[place],
            employer=employers[place],
            begun=THIS_YEAR - begins[place],
            ended=THIS_YEAR - ends[place] if place else None,
            deeds=tuple(deeds[place::count][:3]),
        )
        for place in range(count)
    )


def draw(profile: Profile) -> bytes:
    """Return the PDF."""
    page = FPDF(format="A4")
    page.set_margins(MARGIN, 18, 210 - RIGHT)
    page.set_auto_page_break(True, BOTTOM)
    page.set_title(f"{profile.person.name}: résumé")
    page.add_page()
    _head(page, profile)
    _section(page, "Profile")
    _text(page, profile.summary)
    _section(page, "Experience")
    for post in profile.posts:
        _post(page, post)
    _section(page, "Education")
    begun = THIS_YEAR - profile.person.years - 4
    _two_sides(page, profile.degree, f"{begun} - {begun + 3}")
    page.ln(2)
    _section(page, "Skills")
    _text(page, ", ".join(profile.skills))
    _section(page, "What matters to me")
    _text(page, ", ".join(profile.values))
    return bytes(page.output())


def _head(page: FPDF, profile: Profile) -> None:
    person = profile.person
    page.set_text_color(*INK)
    page.set_font("Helvetica", "B", 25)
    page.cell(0, 11, person.name, new_x="LMARGIN", new_y="NEXT")
    page.set_font("Helvetica", "", 12.5)
    page.set_text_color(*GREEN)
    page.multi_cell(0, 6.5, person.headline, align="L", new_x="LMARGIN", new_y="NEXT")
    page.set_font("Helvetica", "", 9.5)
    page.set_text_color(*SOFT)
    facts = [person.location, person.email, profile.phone, *(link.removeprefix("https://") for link in profile.links)]
    page.ln(1)
    page.multi_cell(0, 5, "   |   ".join(fact for fact in facts if fact), align="L", new_x="LMARGIN", new_y="NEXT")
    page.ln(2.5)
    page.set_draw_color(*GREEN)
    page.set_line_width(0.8)
    page.line(MARGIN, page.get_y(), MARGIN + 26, page.get_y())
    page.ln(1)


def _section(page: FPDF, title: str) -> None:
    if page.get_y() > 297 - BOTTOM - 30:
        page.add_page()  # no heading alone at the foot of a page
    page.ln(4)
    page.set_font("Helvetica", "B", 9.5)
    page.set_text_color(*GREEN)
    page.set_char_spacing(0.8)
    page.cell(0, 6, title.upper(), new_x="LMARGIN", new_y="NEXT")
    page.set_char_spacing(0)
    page.set_draw_color(*LINE)
    page.set_line_width(0.2)
    page.line(MARGIN, page.get_y(), RIGHT, page.get_y())
    page.ln(2.5)


def _post(page: FPDF, post: Post) -> None:
    if page.get_y() > 297 - BOTTOM - 34:
        page.add_page()
    _two_sides(page, post.title, post.period)
    page.set_font("Helvetica", "", 10.5)
    page.set_text_color(*SOFT)
    page.cell(0, 5.2, post.employer, new_x="LMARGIN", new_y="NEXT")
    page.ln(1)
    page.set_text_color(*INK)
    for deed in post.deeds:
        page.set_fill_color(*GREEN)
        page.ellipse(MARGIN + 1.2, page.get_y() + 2.1, 1.1, 1.1, style="F")
        page.set_x(MARGIN + 5)
        page.multi_cell(RIGHT - MARGIN - 5, 5.4, deed, align="L", new_x="LMARGIN", new_y="NEXT")
        page.ln(0.6)
    page.ln(2.6)


def _two_sides(page: FPDF, left: str, right: str) -> None:
    page.set_text_color(*INK)
    page.set_font("Helvetica", "B", 11)
    page.cell(125, 5.6, left)
    page.set_font("Helvetica", "", 9.5)
    page.set_text_color(*SOFT)
    page.cell(0, 5.6, right, align="R", new_x="LMARGIN", new_y="NEXT")


def _text(page: FPDF, text: str) -> None:
    page.set_text_color(*INK)
    page.set_font("Helvetica", "", 10.5)
    page.multi_cell(0, 5.6, text, align="L", new_x="LMARGIN", new_y="NEXT")
