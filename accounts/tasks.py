"""Celery tasks of accounts: shells. Running twice does nothing twice."""

from celery import shared_task

from accounts import letters

# By name: whoever writes a letter need not import who delivers it.
DELIVER = "accounts.tasks.deliver"


@shared_task(name=DELIVER)
def deliver(company_pk: int) -> None:
    """Send a company's letters."""
    letters.deliver(company_pk)


@shared_task(name="accounts.tasks.deliver_all")
def deliver_all() -> None:
    """Send the letters that a nudge did not, or that the mail server did not take."""
    letters.deliver_all()
