"""Markdown to safe HTML, and somebody's HTML to Markdown."""

import re
from html import unescape
from typing import Any

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdownify import MarkdownConverter

TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "h2", "h3", "h4", "a", "blockquote", "code", "pre", "hr"}
SCHEMES = {"https", "http", "mailto"}

parser = MarkdownIt("commonmark", {"html": False, "breaks": True})


def render_markdown(source: str) -> SafeString:
    """Return the HTML of a Markdown text; headings start at h2, as the page has its own h1, and skip no level."""
    tokens = parser.parse(source)
    headings = [token for token in tokens if token.type in ("heading_open", "heading_close")]
    shown = dict(zip(sorted({heading.tag for heading in headings}), ("h2", "h3", *["h4"] * 4), strict=False))
    for heading in headings:
        heading.tag = shown[heading.tag]
    html = parser.renderer.render(tokens, parser.options, {})
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}},
        link_rel="nofollow noopener ugc",
        url_schemes=SCHEMES,
    )
    return mark_safe(clean)  # noqa: S308  nh3 has just cleaned it


# -- HTML to Markdown --------------------------------------------------------------------------------------------------

# The longest job posting we met has some 20,000 characters; what is longer than this is cut.
MOST_CHARACTERS = 200_000
EMPHASIS = {"b", "strong", "i", "em"}
# What parts a text into paragraphs without our having a word for it.
BLOCKS = {
    "address", "article", "aside", "dd", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form",
    "h5", "h6", "header", "main", "nav", "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
}  # fmt: skip
# Of these nothing is kept, not even the words in them.
HIDDEN = {
    "applet", "audio", "canvas", "datalist", "iframe", "math", "noembed", "noframes", "noscript", "object", "script",
    "select", "style", "svg", "template", "textarea", "title", "video", "xmp",
}  # fmt: skip


def markdown_from_html(html: str) -> str:
    """Return the Markdown of somebody's HTML: paragraphs, headings, lists, links and emphasis. Its words are kept.

    What Markdown cannot say, or says another way than it was meant (emphasis within a word, for one), becomes plain.
    """
    html = html[:MOST_CHARACTERS].replace("\x00", "")
    words = _words(html)
    for tags in (TAGS | {"h1"} | EMPHASIS | BLOCKS, TAGS - EMPHASIS | {"h1"} | BLOCKS, {"p", "br"} | BLOCKS):
        try:
            markdown = _convert(_sanitised(html, tags))
        except RecursionError:  # tags within tags within tags
            break
        if _words(render_markdown(markdown)) == words:
            return markdown
    return re.sub(r"\s+", " ", _escape(_plain(html))).strip()


def _sanitised(html: str, tags: set[str]) -> str:
    clean = nh3.clean(
        html,
        tags=tags,
        clean_content_tags=HIDDEN,
        attributes={"a": {"href"}},
        link_rel=None,
        url_schemes=SCHEMES,
    )
    # Emphasis that ends and begins anew in one place is what editors leave behind.
    return re.sub(r"</(b|strong|i|em)>(\s*)<\1>", r"\2", clean)


def _convert(html: str) -> str:
    for tag in BLOCKS:
        html = html.replace(f"<{tag}>", "<div>").replace(f"</{tag}>", "</div>")
    # Wrapping without a width: a line break of the source is a space, as it is in a browser.
    converter = _Converter(heading_style="ATX", bullets="-", autolinks=False, wrap=True, wrap_width=None)
    return re.sub(r" +\n", "\n", re.sub(r"\n{3,}", "\n\n", converter.convert(html))).strip()


def _plain(html: str) -> str:
    return unescape(nh3.clean(html, tags=set(), clean_content_tags=HIDDEN))


def _words(html: str) -> str:
    return re.sub(r"\s", "", _plain(html))


class _Converter(MarkdownConverter):
    def escape(self, text: str, parent_tags: Any) -> str:
        return _escape(text)

    def convert_a(self, el: Any, text: str, parent_tags: Any) -> str:
        address = re.sub(r"[\s()<>\\]", lambda found: f"%{ord(found[0]):02X}", el.get("href") or "")
        el["href"] = address
        return super().convert_a(el, text, parent_tags)  # type: ignore[misc]  # made by name


def _escape(text: str) -> str:
    """Keep words from being taken for Markdown, with no more backslashes than needed: people go on writing here."""
    text = re.sub(r"([\\`*\[\]]|(?<!\w)_|_(?!\w)|<(?=[A-Za-z/!?])|&(?=#?\w+;))", r"\\\1", text)
    # A piece of text may begin a line; only the block marks that a line begins with matter there.
    text = re.sub(r"^(\s*)(>|[-+=~]+(?=\s|$)|#{1,6}(?=\s|$)|~{3,})", r"\1\\\2", text)
    return re.sub(r"^(\s*\d{1,9})([.)])(?=\s|$)", r"\1\\\2", text)
