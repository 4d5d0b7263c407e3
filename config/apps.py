"""Makes `config` an installed app, so that `manage.py up` is found."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "config"
