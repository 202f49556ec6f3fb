"""Django's own signals."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.dispatch import receiver

from purposejobs import tenancy


@receiver(post_migrate)
def grant_after_migration(sender: AppConfig, using: str, **details: object) -> None:
    """Give the application role its rights on new tables."""
    # Django sends this once for each app that has models, when the whole migration is done; once is enough for us.
    if using == "owner" and sender.name == "accounts":
        tenancy.grant_to_application()
