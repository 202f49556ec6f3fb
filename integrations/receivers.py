"""Signals of Celery."""

from celery.signals import worker_shutting_down

from integrations.draining.calling import stopping


@worker_shutting_down.connect
def give_back_what_is_in_hand(**details: object) -> None:
    """Let the drains of this worker finish the calls under way and begin no others.

    Celery waits for its tasks; without this a slice that claimed ahead of a slow ATS would outlast the stop time.
    """
    stopping.set()
