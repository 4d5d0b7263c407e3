"""Django's settings, all from the environment; development by default, `LICET_MODE=production` is strict."""

from urllib.parse import urlsplit

from config import databases, email, production
from config.env import BASE_DIR, Misconfigured, home, load
from config.logs import logging_settings
from verify.digests import read_ring

env = load()
PRODUCTION = env.is_production()
DEBUG = False

_DEVELOPMENT_RING = "1:" + "A" * 43  # makes `manage.py check` work before the first start; refused in production


def _secret(name: str, development: str) -> str:
    return env.required(name) if PRODUCTION else env.text(name, development)


SECRET_KEY = _secret("LICET_SECRET_KEY", "development-only-until-make-run-has-made-one")
LICET_PEPPERS = read_ring("LICET_PEPPERS", _secret("LICET_PEPPERS", _DEVELOPMENT_RING), strict=PRODUCTION)
LICET_DATA_KEKS = read_ring("LICET_DATA_KEKS", _secret("LICET_DATA_KEKS", _DEVELOPMENT_RING), strict=PRODUCTION)
LICET_HOME = home()
LICET_PORT = env.number("LICET_PORT", 8000)
_host = env.text("LICET_HOST", "127.0.0.1").replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - compared, not bound
LICET_LOCAL_URL = f"http://{_host}:{LICET_PORT}"
LICET_LOCAL_VERIFY_URL = f"http://{_host}:{env.number('LICET_VERIFY_PORT', 8001)}"
LICET_PUBLIC_URL = env.text("LICET_PUBLIC_URL", LICET_LOCAL_URL).rstrip("/")
LICET_VERIFY_URL = env.text("LICET_VERIFY_URL", LICET_LOCAL_VERIFY_URL).rstrip("/")
LICET_API_RATE_PER_SECOND = env.number("LICET_API_RATE_PER_SECOND", 100)
LICET_METRICS_TOKEN = env.text("LICET_METRICS_TOKEN")
LICET_COUNTER_SHARDS = env.number("LICET_COUNTER_SHARDS", 1)
LICET_LOG_CAP = env.number("LICET_LOG_CAP", 1_000_000)
if not 1 <= LICET_COUNTER_SHARDS <= 1024 or LICET_LOG_CAP < 1:  # noqa: PLR2004 - as the verify service has it
    raise Misconfigured("LICET_COUNTER_SHARDS is 1 to 1024, LICET_LOG_CAP at least 1.")
LICET_STRIPE_API_BASE = env.text("LICET_STRIPE_API_BASE").rstrip("/")
LICET_STRIPE_SWEEP_SECONDS = env.number("LICET_STRIPE_SWEEP_SECONDS", 600)
if LICET_STRIPE_SWEEP_SECONDS < 1:
    raise Misconfigured("LICET_STRIPE_SWEEP_SECONDS is at least 1.")
REDIS_URL = env.text("REDIS_URL", "redis://127.0.0.1:6379/0")

if PRODUCTION:
    production.refuse_weak_settings(env)

_public = urlsplit(LICET_PUBLIC_URL)
ALLOWED_HOSTS = [*env.words("LICET_ALLOWED_HOSTS"), _public.hostname or ""]
if not PRODUCTION:
    ALLOWED_HOSTS += ["127.0.0.1", "localhost", "[::1]", _host]
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
TRUSTED_PROXIES = env.words("TRUSTED_PROXIES")

INSTALLED_APPS = [
    "config",
    "dashboard",
    "billing",
    "licensing",
    "tenants",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "template_partials",
    "lucide",
    "rest_framework",
    "drf_spectacular",
]

MIDDLEWARE = [
    "tenants.http.request_id.RequestIdMiddleware",
    "tenants.http.middleware.client_address.ClientAddressMiddleware",
    "tenants.api.health.ProbesMiddleware",
    "tenants.http.middleware.security_headers.SecurityHeadersMiddleware",
    "tenants.http.middleware.outages.OutageMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
]

ROOT_URLCONF = "config.urls"
ASGI_APPLICATION = "config.asgi.application"
DATABASES = databases.from_environment(env)
DATABASE_ROUTERS: list[str] = []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.context.place",
            ],
            "builtins": ["django_htmx.templatetags.django_htmx"],
        },
    }
]

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cache",
        "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
    }
}

# Sign-in
AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "tenants.http.sign_in.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # members are invited by e-mail; nobody signs up by themselves
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = {"login_failed": "20/m/ip,5/5m/key", "reset_password": "20/m/ip,5/30m/key"}
ACCOUNT_FORMS = {"reset_password": "tenants.http.sign_in.PasswordResetForm"}
PASSWORD_RESET_TIMEOUT = 3600
MFA_ADAPTER = "tenants.http.sign_in.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION  # passkeys on http://localhost
MFA_TOTP_ISSUER = "Licet"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # addresses are verified by invitation, not by allauth
USERSESSIONS_TRACK_ACTIVITY = False

SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _public.scheme == "https"
# Cookies do not know ports: two copies on one machine must not sign each other out.
SESSION_COOKIE_NAME = f"licet_session_{LICET_PORT}"
CSRF_COOKIE_NAME = f"licet_csrf_{LICET_PORT}"
SECURE_CONTENT_TYPE_NOSNIFF = True
# TLS ends at a proxy. Only what a trusted one says of the scheme is believed (tenants/http/client_address.py).
if TRUSTED_PROXIES and SESSION_COOKIE_SECURE:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = ["^livez$", "^readyz$", "^metrics$"]  # asked from inside, where no TLS is
    SECURE_HSTS_SECONDS = 365 * 24 * 3600
SILENCED_SYSTEM_CHECKS = [
    "security.W005",  # HSTS for subdomains: whether all of them speak TLS, only their owner knows
    "security.W021",  # the browsers' preload list: entered by the domain's owner, and hardly ever left again
]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tenants.http.authentication.SecretKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["tenants.http.authentication.HasPermission"],
    "DEFAULT_PARSER_CLASSES": ["tenants.http.json.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_METADATA_CLASS": None,  # OPTIONS is no operation: the document tells what it would
    "DEFAULT_SCHEMA_CLASS": "tenants.http.openapi.operations.ResourceSchema",
    "EXCEPTION_HANDLER": "tenants.http.problems.exception_handler",
    "NON_FIELD_ERRORS_KEY": "\0",  # what no member of a body is called: U+0000 is refused
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,  # a body says itself which members a change may leave out
    "POSTPROCESSING_HOOKS": ["tenants.http.openapi.document.complete"],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}

# What the data plane is told of, each after those it refers to.
FACT_SOURCES = [
    "tenants.publishing.sources.ENVIRONMENTS",
    "tenants.publishing.sources.SECRET_KEYS",
    "licensing.publishing.CATALOGS",
    "licensing.publishing.PLANS",
    "licensing.publishing.CUSTOMERS",
    "licensing.publishing.LICENSES",
    "licensing.publishing.KEYS",
]

# What every new environment is given besides itself.
ENVIRONMENT_FURNISHERS = ["licensing.actions.catalogue.furnish_environment"]

# What carries out each kind of job, `run(job, progress) -> result`, and the permission to see it.
JOBS = {"audit_log.verification": ("tenants.actions.audit_verification.run", "organization:read")}

# Kombu spells a Redis behind a socket differently.
CELERY_BROKER_URL = env.text(
    "LICET_BROKER_URL", REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_TASK_DEFAULT_QUEUE = "sweeps"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 500
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False  # what `console:` prints is mail, not a log: the log would cut its links out
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,  # twice and more the time limit
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
}
CELERY_TIMEZONE = "UTC"

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles" if PRODUCTION else None  # in development they are served as they stand
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = False
STORAGES = {
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
}

_mail = email.from_url(_secret("EMAIL_URL", "console:"), production=PRODUCTION)
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail[:5]
EMAIL_USE_TLS, EMAIL_USE_SSL, EMAIL_FILE_PATH = _mail[5:]
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("LICET_EMAIL_FROM", "Licet <licet@localhost>")
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_settings()
