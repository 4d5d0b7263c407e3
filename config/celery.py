"""The Celery application; tasks and their schedules stand in each app's tasks.py."""

import os

from celery import Celery

from config.env import one_sentence

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
app = Celery("licet")
with one_sentence():
    app.config_from_object("django.conf:settings", force=True, namespace="CELERY")
app.autodiscover_tasks()
