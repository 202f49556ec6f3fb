"""Style sheets and templates keep the promises of docs/design-system.md."""

import math
import re
from pathlib import Path

import pytest
from django import forms
from django.template.loader import render_to_string

PROJECT = Path(__file__).resolve().parent.parent
TEMPLATES = [
    *sorted((PROJECT / "templates").rglob("*.html")),
    *sorted((PROJECT / "integrations").rglob("templates/**/*.html")),
]
SHEETS = sorted((PROJECT / "static" / "css").glob("*.css"))
TOKENS = (PROJECT / "static" / "css" / "tokens.css").read_text()

FORBIDDEN = re.compile(r"<style|\sstyle=|\son[a-z]+=|\shx-on|javascript:|<script(?![^>]*\ssrc=)", re.IGNORECASE)
COLOUR = r"oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)"
COLOURS = {
    name: (tuple(map(float, values[:3])), tuple(map(float, values[3:])))
    for name, *values in re.findall(rf"--([a-z-]+): light-dark\({COLOUR}, {COLOUR}\)", TOKENS)
}
THEMES = {"light": 0, "dark": 1}
TEXT_ON_GROUND = [
    *[(ink, ground) for ink in ("ink", "ink-soft", "brand-ink") for ground in ("canvas", "surface", "sunken", "hover")],
    *[(f"{state}-ink", f"{state}-soft") for state in ("waiting", "done", "attention", "danger")],
    *[("ink", f"{state}-soft") for state in ("brand", "waiting", "done", "attention", "danger")],
    ("danger-ink", "canvas"),
    ("danger-ink", "surface"),
    ("on-brand", "brand"),
    ("on-brand", "brand-strong"),
    ("on-danger", "danger"),
    ("on-danger", "danger-ink"),
    ("brand-ink", "brand-soft"),
]
BOUNDS_ON_GROUND = [
    ("edge", "surface"),
    ("edge", "canvas"),
    ("edge", "sunken"),
    ("brand", "canvas"),
    ("brand", "surface"),
]


def luminance(lightness: float, chroma: float, hue: float) -> float:
    """The relative luminance of an OKLCH colour, clipped to sRGB (Björn Ottosson's matrices)."""
    a, b = chroma * math.cos(math.radians(hue)), chroma * math.sin(math.radians(hue))
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return sum(weight * min(max(part, 0), 1) for weight, part in ((0.2126, red), (0.7152, green), (0.0722, blue)))


def contrast(one: str, other: str, theme: str) -> float:
    lights = sorted(luminance(*COLOURS[name][THEMES[theme]]) for name in (one, other))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("ink", "ground"), TEXT_ON_GROUND)
def test_text_can_be_read_on_its_ground(ink, ground, theme):
    assert contrast(ink, ground, theme) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("bound", "ground"), BOUNDS_ON_GROUND)
def test_the_bounds_of_a_field_can_be_seen(bound, ground, theme):
    assert contrast(bound, ground, theme) >= 3


def test_style_sheets_use_only_declared_tokens():
    css = "\n".join(sheet.read_text() for sheet in SHEETS)
    used = set(re.findall(r"var\(--([\w-]+)\)", css))
    declared = set(re.findall(r"--([\w-]+):", css))
    assert used - declared == set()


def test_component_sheets_name_no_colour_of_their_own():
    others = [sheet for sheet in SHEETS if sheet.name != "tokens.css"]
    assert [sheet.name for sheet in others if re.search(r"oklch|rgb|hsl|#[0-9a-f]{3,8}\b", sheet.read_text())] == []


def test_every_style_sheet_is_linked_once():
    head = (PROJECT / "templates" / "components" / "head.html").read_text()
    assert sorted(re.findall(r"css/([\w-]+\.css)", head)) == [sheet.name for sheet in SHEETS]


def test_templates_hold_nothing_that_the_content_security_policy_forbids():
    assert [path.name for path in TEMPLATES if FORBIDDEN.search(path.read_text())] == []


def test_templates_name_only_static_files_that_are_there():
    named = {name for path in TEMPLATES for name in re.findall(r"{% static '([^']+)' %}", path.read_text())}
    assert {name for name in named if not (PROJECT / "static" / name).exists()} == set()


class PostingForm(forms.Form):
    title = forms.CharField(help_text="What people search for.")
    team = forms.CharField(required=False)
    urgent = forms.BooleanField(required=False)
    kind = forms.ChoiceField(choices=[("full", "Full time")], widget=forms.RadioSelect)


def field(name, **data):
    return render_to_string("components/field.html", {"field": PostingForm(data)[name]})


def test_a_field_ties_its_help_and_its_errors_to_the_input():
    html = field("title")
    assert 'aria-describedby="id_title_helptext id_title_error"' in html
    assert 'id="id_title_helptext"' in html
    assert 'id="id_title_error"' in html


def test_a_field_marks_what_may_be_left_out():
    assert "(optional)" in field("team")
    assert "(optional)" not in field("title")


def test_the_label_of_a_check_box_stands_beside_it():
    html = field("urgent")
    assert html.index("<input") < html.index('<label for="id_urgent"')


def test_a_group_of_choices_is_a_fieldset_with_a_legend():
    assert '<legend class="field-label">Kind</legend>' in field("kind")


def test_the_error_summary_leads_to_the_fields():
    html = render_to_string("components/form_errors.html", {"form": PostingForm({})})
    assert '<a href="#id_title">Title</a>' in html
    assert 'role="alert"' in html


def test_a_form_without_errors_has_no_summary():
    html = render_to_string("components/form_errors.html", {"form": PostingForm({"title": "Designer", "kind": "full"})})
    assert html.strip() == ""


@pytest.mark.parametrize(
    "state", ["waiting", "held", "sending", "sent", "failed", "cancelled", "open", "something new"]
)
def test_a_state_has_a_word_and_an_icon(state):
    html = render_to_string("components/state_chip.html", {"state": state, "word": "The word"})
    assert len(re.findall(r'class="chip[ "]', html)) == 1
    assert "<svg" in html
    assert "The word" in html


def test_an_invented_state_is_drawn_neutrally():
    assert 'class="chip"' in render_to_string("components/state_chip.html", {"state": "odd", "word": "Odd"})
