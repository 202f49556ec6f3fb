"""Walk the product's promise over HTTP against the running processes."""

import re
import sys
from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from purposejobs.smoke.browser import NotOnPage
from purposejobs.smoke.story import Story, Unexpected


class Command(BaseCommand):
    help = "Sign up, connect, apply, send by hand, lose access and get it back; ends with one line, ok or FAILED."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.LEVER_ENVIRONMENT != "emulator":
            raise CommandError("The smoke run applies to jobs as people who do not exist: emulator only.")
        story = Story(self.stdout.write)
        try:
            story.tell()
        except (Unexpected, NotOnPage, requests.RequestException) as error:
            self.stdout.write(f"smoke: FAILED at {story.step}: {_in_one_line(error)}")
            sys.exit(1)
        self.stdout.write("smoke: ok")


def _in_one_line(error: Exception) -> str:
    """Return an error's text without the queries of addresses, which may hold a code."""
    return re.sub(r"\?[^\s'\")]*", "", " ".join(str(error).split()))
