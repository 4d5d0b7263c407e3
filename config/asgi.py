"""The control plane's ASGI application: `uvicorn config.asgi:application`."""

import os

from django.core.asgi import get_asgi_application

from config.env import one_sentence

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Under ASGI every request has its own thread, which would connect anew.
os.environ.setdefault("LICET_DATABASE_POOL", "10")
with one_sentence():
    application = get_asgi_application()
