"""Markdown in templates: {{ job.description|markdown }}."""

from django import template

from purposejobs.markdown import render_markdown

register = template.Library()
register.filter("markdown", render_markdown)
