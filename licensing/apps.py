"""The licensing app."""

from django.apps import AppConfig
from prometheus_client import REGISTRY


class LicensingConfig(AppConfig):
    name = "licensing"

    def ready(self) -> None:
        from licensing.metrics import SystemCollector  # noqa: PLC0415 - models are there only now

        REGISTRY.register(SystemCollector())
