"""Makes `config` an installed app, so that its commands are found and tasks know their Celery application."""

import importlib

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"

    def ready(self) -> None:
        importlib.import_module("config.celery")  # becomes the current application of every shared task
