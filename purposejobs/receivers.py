"""Signals of Django and Celery."""

from celery import Task
from celery.signals import task_prerun
from django.apps import AppConfig
from django.db import close_old_connections
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from purposejobs import tenancy


@receiver(post_migrate)
def grant_after_migration(sender: AppConfig, using: str, **details: object) -> None:
    """Give the application role its rights on new tables."""
    # Django sends this once for each app that has models, when the whole migration is done; once is enough for us.
    if using == "owner" and sender.name == "accounts":
        tenancy.grant_to_application()


@task_prerun.connect
def let_go_of_dead_database_connections(task: Task, **details: object) -> None:
    """Let a worker go on after PostgreSQL was restarted.

    Workers keep their connections from task to task (CELERY_DB_REUSE_MAX), and only this makes Django look whether one
    still lives. Without it every task of a thread whose connection was cut fails until the worker is restarted.
    """
    if not task.request.is_eager:
        close_old_connections()
