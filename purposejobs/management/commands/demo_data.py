"""Fill an empty installation with the demo."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from purposejobs.demo import LOGINS


class Command(BaseCommand):
    help = "Load the demo: two companies, jobs, candidates, and one company connected to the emulator. Once."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Demo data has logins that everybody knows: set DEMO=1 where that is wanted.")
        if settings.LEVER_ENVIRONMENT != "emulator":
            raise CommandError("Demo data is sent to the emulator only: set LEVER_ENVIRONMENT=emulator.")
        # Here, as drawing résumés needs a development requirement.
        from purposejobs.demo import ats, market

        if market.is_filled():
            self.stdout.write("The demo's companies are here already.")
        else:
            self.stdout.write("Making the demo's companies, jobs and candidates ...")
            market.fill()
        if not ats.is_complete():
            try:
                with _quiet("integrations"):  # which would report the refusal that we ask for
                    ats.fill(self.stdout.write)
            except ats.NotThere as error:
                raise CommandError(str(error)) from None
        self.stdout.write("\n    Logins:")
        for login in LOGINS:
            self.stdout.write(f"    {login.email:<28} {login.password}   {login.note}")


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    logger = logging.getLogger(name)
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
