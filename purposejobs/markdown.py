"""Markdown to safe HTML."""

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "h2", "h3", "h4", "a", "blockquote", "code", "pre", "hr"}

parser = MarkdownIt("commonmark", {"html": False, "breaks": True})


def render_markdown(source: str) -> SafeString:
    """Return the HTML of a Markdown text; headings start at h2, since the page has its own h1."""
    html = parser.render(source).replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    clean = nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}},
        link_rel="nofollow noopener ugc",
        url_schemes={"https", "http", "mailto"},
    )
    return mark_safe(clean)  # noqa: S308  nh3 has just cleaned it
