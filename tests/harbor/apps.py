from django.apps import AppConfig


class HarborConfig(AppConfig):
    name = "tests.harbor"
    label = "harbor"
