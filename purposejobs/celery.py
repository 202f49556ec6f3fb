"""The Celery application. A message is a nudge: what there is to do stands in the database."""

import os
from collections.abc import Sequence

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "purposejobs.settings")

app = Celery("purposejobs")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# A connection that has more to do stands in line here, behind those that have just been nudged.
AGAIN_QUEUE = "integrations_again"


class FreshFirst:
    """The order in which a worker asks its queues: fresh work first, but every fourth turn what came back.

    So one applicant's export overtakes a company's 20,000 waiting ones, and those cannot starve either.
    A kombu "queue order strategy": see kombu.utils.scheduling.
    """

    def __init__(self, queues: Sequence[str] = ()) -> None:
        self.queues = list(queues)
        self.turn = 0

    def update(self, queues: Sequence[str]) -> None:
        """Take over the queues that are consumed now."""
        self.queues[:] = queues

    def consume(self, count: int) -> list[str]:
        """Return the first `count` queues in the order to ask them."""
        fresh = [queue for queue in self.queues if not queue.startswith(AGAIN_QUEUE)]
        again = [queue for queue in self.queues if queue.startswith(AGAIN_QUEUE)]
        self.turn += 1
        return (again + fresh if self.turn % 4 == 0 else fresh + again)[:count]

    def rotate(self, last_used: str) -> None:
        """Keep the fresh queues fair among themselves: the one just served goes to the end."""
        if last_used in self.queues:
            self.queues.remove(last_used)
            self.queues.append(last_used)
