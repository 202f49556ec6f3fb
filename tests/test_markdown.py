"""Markdown of somebody's HTML: what was meant is kept, and nothing that could do harm."""

import html
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from purposejobs.markdown import markdown_from_html, render_markdown

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(
    ("source", "markdown"),
    [
        ("", ""),
        ("Hello", "Hello"),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<div>One</div><div><br></div><div>Two</div>", "One\n\nTwo"),
        ("<p>One<br>Two</p>", "One\nTwo"),
        ("<p>one\n   line</p>", "one line"),
        ("<h1>Big</h1><h2>Less</h2><h5>Small</h5>", "# Big\n\n## Less\n\nSmall"),
        ("<ul><li>One</li><li>Two<ul><li>Three</li></ul></li></ul>", "- One\n- Two\n  - Three"),
        ("<ol><li>One</li><li>Two</li></ol>", "1. One\n2. Two"),
        ("<ul><li><p>One</p></li><li><p>Two</p></li></ul>", "- One\n- Two"),
        ("<b>Bold</b> and <i>slanted</i>", "**Bold** and *slanted*"),
        ("<b>Bo</b><b>ld</b>", "**Bold**"),
        ("<span style='color:red'>Red</span> <u>line</u>", "Red line"),
        ('<a href="https://x.example/a_b?c=1&amp;d=2">here</a>', "[here](https://x.example/a_b?c=1&d=2)"),
        ('<a href="https://x.example/a (b)">here</a>', "[here](https://x.example/a%20%28b%29)"),
        ('<a href="mailto:jobs@x.example">write</a>', "[write](mailto:jobs@x.example)"),
        ('<a href="javascript:alert(1)">here</a>', "here"),
        ("<table><tr><td>One</td><td>Two</td></tr></table>", "One\n\nTwo"),
        ("<p>One</p><hr><p>Two</p>", "One\n\n---\n\nTwo"),
        ("<blockquote><p>Said</p></blockquote>", "> Said"),
        ("R&amp;D, snake_case, 5 &lt; 6, a - b, $1.5m, C#", "R&D, snake_case, 5 < 6, a - b, $1.5m, C#"),
        ("<p># one</p><p>1. two</p><p>- three</p><p>&gt; four</p>", "\\# one\n\n1\\. two\n\n\\- three\n\n\\> four"),
        ("<p>2 * 3 * 4, _so_, [x](y), `z`, &amp;lt;</p>", "2 \\* 3 \\* 4, \\_so\\_, \\[x\\](y), \\`z\\`, \\&lt;"),
        ("<script>alert(1)</script><style>p {}</style>Hello<!-- not you -->", "Hello"),
        ("Hello\x00", "Hello"),
    ],
)
def test_html_becomes_markdown(source, markdown):
    assert markdown_from_html(source) == markdown


def test_it_comes_back_as_it_was():
    source = (
        "<h2>What you bring</h2>\n<ul>\n<li>Curiosity, <strong>always</strong></li>\n<li>Care\n<ul>\n<li>for "
        "<em>detail</em></li>\n</ul>\n</li>\n</ul>\n<ol>\n<li>First</li>\n<li>Then</li>\n</ol>\n"
        '<p>See <a href="https://x.example/" rel="nofollow noopener ugc">our site</a>.<br>\nBye</p>\n'
    )
    assert render_markdown(markdown_from_html(source)) == source


def test_headings_begin_below_the_page_s_own_and_leave_out_no_level():
    assert re.findall("<h.>", render_markdown("### One\n\n##### Two\n\n### Three")) == ["<h2>", "<h3>", "<h2>"]
    assert re.findall("<h.>", render_markdown("# One\n\n## Two\n\n# Three")) == ["<h2>", "<h3>", "<h2>"]


def test_emphasis_that_markdown_cannot_write_becomes_plain():
    assert markdown_from_html("a<b>&gt;</b>b <b>bold</b>") == "a>b bold"


@pytest.mark.parametrize("tag", ["div", "b", "ul><li", "blockquote", "table><tr><td", "a href='https://x.example/'"])
def test_tags_within_tags_within_tags_end_well(tag):
    assert "Hello" in markdown_from_html(f"<{tag}>" * 5000 + "Hello")


def test_what_is_far_too_long_is_cut():
    assert len(markdown_from_html("<p>word</p>" * 100_000)) < 200_000


NASTY = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="data:text/html,<script>alert(1)</script>">x</a>',
    '<a href="https://x.example/)[y](javascript:alert(1)">x</a>',
    '<a href="https://x.example/" onclick="alert(1)" style="position:fixed">x</a>',
    "<a href='https://x.example/\n\n# x'>x</a>",
    "<iframe src=//evil.example></iframe>",
    "<form action=//evil.example><input name=password></form>",
    "[x](javascript:alert(1))",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<p>&lt;img src=x onerror=alert(1)&gt;</p>",
    "<math><mtext></mtext><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<pre>```\n<script>alert(1)</script></pre>",
    "<code>`</code><script>",
    "\n\n[x]: javascript:alert(1)\n\n[x]",
]
ALLOWED = re.compile(
    r'<(/?(p|br|strong|em|ul|ol|li|h2|h3|h4|blockquote|code|pre|hr|a)|ol start="\d+"'
    r'|a href="(https?:|mailto:)[^"]*" rel="nofollow noopener ugc")>'
)


@patient
@given(st.lists(st.sampled_from(NASTY) | st.text(max_size=20), max_size=6).map("".join))
def test_nothing_that_could_do_harm_comes_through(source):
    rendered = render_markdown(markdown_from_html(source))
    assert "<" not in ALLOWED.sub("", rendered)


pieces = st.text(alphabet="ab12*_`[]()#+-.!<>&|~\\:/\"'= \n\t", max_size=12).map(html.escape)
inline = st.recursive(
    pieces,
    lambda inner: (
        st.lists(inner, max_size=3).map("".join)
        | inner.map("<b>{}</b>".format)
        | inner.map("<em>{}</em>".format)
        | inner.map('<a href="https://x.example/">{}</a>'.format)
        | inner.map("<code>{}</code>".format)
        | st.just("<br>")
    ),
    max_leaves=6,
)
blocks = st.recursive(
    inline.map("<p>{}</p>".format) | inline.map("<h3>{}</h3>".format) | inline.map("<div>{}</div>".format),
    lambda inner: (
        st.lists(inner, max_size=3).map("".join)
        | st.lists(inner.map("<li>{}</li>".format), max_size=3).map(lambda items: f"<ul>{''.join(items)}</ul>")
        | st.lists(inline.map("<li>{}</li>".format), max_size=3).map(lambda items: f"<ol>{''.join(items)}</ol>")
        | inner.map("<blockquote>{}</blockquote>".format)
    ),
    max_leaves=6,
)


def words(text):
    return re.sub(r"\s", "", html.unescape(re.sub(r"<[^>]*>", "", text)))


@patient
@given(blocks)
def test_not_a_word_is_lost_or_added(source):
    assert words(render_markdown(markdown_from_html(source))) == words(source)
