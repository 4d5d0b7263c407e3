"""A whole Django site with one view that wants an API key; as a command it makes keys and prints one in a line."""

import os
import sys

import django
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application

# As `startproject` and both packages' own pages have it, but for a connection that is kept.
settings.configure(
    SECRET_KEY="not one",  # noqa: S106 - nothing here is signed
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "rest_framework",
        "rest_framework_api_key",
    ],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["BENCHMARK_DATABASE"],
            "CONN_MAX_AGE": None,
        }
    },
    REST_FRAMEWORK={"DEFAULT_PERMISSION_CLASSES": ["rest_framework_api_key.permissions.HasAPIKey"]},
    MIGRATION_MODULES=dict.fromkeys(("admin", "auth", "contenttypes", "sessions", "rest_framework_api_key")),
    STATIC_URL="static/",
    USE_TZ=True,
)
django.setup()

from django.urls import path  # noqa: E402 - what follows needs the settings
from rest_framework.request import Request  # noqa: E402 - as above
from rest_framework.response import Response  # noqa: E402 - as above
from rest_framework.views import APIView  # noqa: E402 - as above
from rest_framework_api_key.models import APIKey  # noqa: E402 - as above


class Ready(APIView):
    permission_classes = ()

    def get(self, request: Request) -> Response:  # noqa: ARG002 - Django's signature
        return Response({"status": "ready"})


class Verify(APIView):
    """Answers if the key is known, not revoked and not expired: no limit, no quota, no log."""

    def post(self, request: Request) -> Response:
        return Response({"valid": True, "scopes": dict(request.data)["scopes"]})


urlpatterns = [path("", Ready.as_view()), path("v1/verify", Verify.as_view())]
application = get_wsgi_application()


def make_keys(count: int) -> list[str]:
    call_command("migrate", run_syncdb=True, verbosity=0)
    made, secrets = [], []
    for number in range(count):
        one = APIKey(name=f"key {number}")
        secrets.append(APIKey.objects.assign_key(one))
        made.append(one)
    APIKey.objects.bulk_create(made, batch_size=500)
    return secrets


if __name__ == "__main__":
    print("\n".join(make_keys(int(sys.argv[1]))))
