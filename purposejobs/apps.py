from django.apps import AppConfig


class PurposeJobsConfig(AppConfig):
    name = "purposejobs"

    def ready(self) -> None:
        from purposejobs import receivers  # noqa: F401
