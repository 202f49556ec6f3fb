"""Settings of Purpose Jobs, all from the environment. `.env.example` lists every variable.

No code asks which environment it is in; what differs between environments is a variable here.
"""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from purposejobs import environment as env

BASE_DIR = Path(__file__).resolve().parent.parent

# -- Who we are -------------------------------------------------------------------------------------------------------

SECRET_KEY = env.text("SECRET_KEY")
# Fernet keys, the newest first: the first encrypts, all decrypt.
FIELD_ENCRYPTION_KEYS = env.keys("FIELD_ENCRYPTION_KEYS")
DEBUG = env.flag("DEBUG")
PUBLIC_URL = env.text("PUBLIC_URL").rstrip("/")
IS_HTTPS = urlsplit(PUBLIC_URL).scheme == "https"
ALLOWED_HOSTS = [host for host in env.text("ALLOWED_HOSTS", urlsplit(PUBLIC_URL).hostname or "").split(",") if host]
# Shows the logins of the demo data on the sign-in page.
DEMO = env.flag("DEMO")

# -- Applications -----------------------------------------------------------------------------------------------------

# One entry per applicant-tracking system; the key is the package integrations.<key>. Nothing else switches one on.
LEVER_EMULATOR_URL = env.text("LEVER_EMULATOR_URL", "http://127.0.0.1:9100").rstrip("/")
# Hosts and audiences: Lever's developer documentation, "OAuth" and "Environments". The audience ends with a slash.
LEVER_HOSTS = {
    "production": {
        "api_url": "https://api.lever.co/v1",
        "auth_url": "https://auth.lever.co",
        "audience": "https://api.lever.co/v1/",
        "uses_pkce": env.flag("LEVER_USES_PKCE"),
    },
    "sandbox": {
        "api_url": "https://api.sandbox.lever.co/v1",
        "auth_url": "https://sandbox-lever.auth0.com",
        "audience": "https://api.sandbox.lever.co/v1/",
        "uses_pkce": env.flag("LEVER_USES_PKCE"),
    },
    "emulator": {
        "api_url": f"{LEVER_EMULATOR_URL}/v1",
        "auth_url": LEVER_EMULATOR_URL,
        "audience": "https://api.lever.co/v1/",
        "uses_pkce": True,
    },
}
LEVER_ENVIRONMENT = env.text("LEVER_ENVIRONMENT", "production")
if LEVER_ENVIRONMENT not in LEVER_HOSTS:
    raise ImproperlyConfigured(f"LEVER_ENVIRONMENT is {LEVER_ENVIRONMENT!r}; use one of {', '.join(LEVER_HOSTS)}.")

ATS_PROVIDERS: dict[str, dict[str, Any]] = {
    "lever": {
        "environment": LEVER_ENVIRONMENT,
        "client_id": env.text("LEVER_CLIENT_ID"),
        "client_secret": env.text("LEVER_CLIENT_SECRET"),
        # Some accounts let partners see confidential postings; the scope must then be registered with the app.
        "wants_confidential": env.flag("LEVER_WANTS_CONFIDENTIAL"),
        "hosts": LEVER_HOSTS,
    },
}

# The folder that keeps a provider's contract; an entry may name another.
for slug, ats in ATS_PROVIDERS.items():
    ats.setdefault("package", f"integrations.{slug}")

INSTALLED_APPS = [
    "purposejobs",
    "accounts",
    "jobs",
    "candidates",
    "integrations",
    *[ats["package"] for ats in ATS_PROVIDERS.values()],
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "health_check",
    "lucide",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.TimeZoneMiddleware",
]

ROOT_URLCONF = "purposejobs.urls"
WSGI_APPLICATION = "purposejobs.wsgi.application"

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
                "accounts.context.company",
                "accounts.context.demo_logins",
                "integrations.context.notices",
            ],
            "builtins": ["django.templatetags.static", "lucide.templatetags.lucide"],
        },
    },
]

# -- Databases --------------------------------------------------------------------------------------------------------

# `default` is the application role, bound by row-level security; `owner` runs migrations (see tenancy.py).
DATABASES = {
    "default": env.database("DATABASE_URL") | {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True},
    "owner": env.database("DATABASE_OWNER_URL"),
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- Redis: broker, rate-limit buckets, cache -------------------------------------------------------------------------

REDIS_URL = env.text("REDIS_URL")
REDIS_TIMEOUT_SECONDS = env.number("REDIS_TIMEOUT_SECONDS", 0.5, least=0.01)
CACHES = {
    "default": {
        "BACKEND": "purposejobs.cache.FailOpenRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cache",
        "OPTIONS": {"socket_timeout": REDIS_TIMEOUT_SECONDS, "socket_connect_timeout": REDIS_TIMEOUT_SECONDS},
    }
}
# Sessions live in the database: losing Redis signs nobody out.
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# -- Celery -----------------------------------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    # No copies of messages in hand: kombu puts those back when Redis goes away, stumbles over the connection that is no
    # more, and the worker ends. A message is a nudge; the sweep finds what a killed worker had in hand.
    "ack_emulation": False,
    "queue_order_strategy": "purposejobs.celery.FreshFirst",
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Celery closes the database connection around each task unless told otherwise, which costs a third of an export.
CELERY_DB_REUSE_MAX = 10_000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"integrations.tasks.drain": {"queue": "integrations"}}
CELERY_TIMEZONE = "UTC"

# -- Exports (design: one drain per connection in short slices) -------------------------------------------------------

EXPORTS = {
    # How long one drain keeps a worker's slot before the next connection has its turn, in seconds.
    "slice_seconds": env.number("EXPORT_SLICE_SECONDS", 0.5, least=0.05),
    # Calls of one connection under way at once while the ATS lets us wait: nearly a burst of 19 in one go.
    "pool_size": int(env.number("EXPORT_POOL_SIZE", 16, least=1)),
    # The whole of one call, from the first byte sent to the last byte read.
    "call_deadline_seconds": env.number("EXPORT_CALL_DEADLINE_SECONDS", 20, least=0.1),
    # A claim holds a row for this long; a call begins only while more than a deadline of it is left.
    "lease_seconds": env.number("EXPORT_LEASE_SECONDS", 60, least=0.3),
    # After an unknown outcome we look only when a late create must have landed: longer than a call's deadline.
    "look_delay_seconds": env.number("EXPORT_LOOK_DELAY_SECONDS", 30, least=0.2),
    # Two computers' clocks may differ by this much when we ask whether a record is younger than our attempt.
    "clock_margin_seconds": env.number("EXPORT_CLOCK_MARGIN_SECONDS", 120, least=0),
    # Waits after "try later": doubled each time, with jitter, up to the cap.
    "retry_first_seconds": env.number("EXPORT_RETRY_FIRST_SECONDS", 5, least=0.05),
    "retry_cap_seconds": env.number("EXPORT_RETRY_CAP_SECONDS", 900, least=0.05),
    # Failures in a row that open a connection's circuit; a cheap read then probes.
    "circuit_failures": int(env.number("EXPORT_CIRCUIT_FAILURES", 5, least=1)),
    "circuit_first_seconds": env.number("EXPORT_CIRCUIT_FIRST_SECONDS", 5, least=0.05),
    "circuit_cap_seconds": env.number("EXPORT_CIRCUIT_CAP_SECONDS", 300, least=0.05),
    # Our share of the vendor's rate; empty: what the provider's contract says.
    "rate_per_second": env.number("EXPORT_RATE_PER_SECOND", 0),
    "burst": env.number("EXPORT_BURST", 0),
    # Résumés of one claimed batch held in memory together, in bytes.
    "batch_bytes": int(env.number("EXPORT_BATCH_BYTES", 32 * 1024 * 1024, least=1)),
    "sweep_seconds": env.number("EXPORT_SWEEP_SECONDS", 3, least=0.2),
    "refresh_postings_seconds": env.number("EXPORT_REFRESH_POSTINGS_SECONDS", 900, least=5),
}
if 0 < EXPORTS["burst"] < 5:
    raise ImproperlyConfigured("EXPORT_BURST must be at least 5: one candidate can take that many calls.")
if EXPORTS["look_delay_seconds"] <= EXPORTS["call_deadline_seconds"]:
    raise ImproperlyConfigured("EXPORT_LOOK_DELAY_SECONDS must be longer than EXPORT_CALL_DEADLINE_SECONDS.")
if EXPORTS["lease_seconds"] <= 2 * EXPORTS["call_deadline_seconds"]:
    raise ImproperlyConfigured("EXPORT_LEASE_SECONDS must be more than twice EXPORT_CALL_DEADLINE_SECONDS.")

# -- Following: what became of those who were sent ---------------------------------------------------------------------

FOLLOWING = {
    "slice_seconds": env.number("FOLLOW_SLICE_SECONDS", 0.5, least=0.05),
    # Records of one connection that are read at once.
    "pool_size": int(env.number("FOLLOW_POOL_SIZE", 4, least=1)),
    "sweep_seconds": env.number("FOLLOW_SWEEP_SECONDS", 3, least=0.2),
    # How often the ATS is asked for everything that changed: alone, and beside webhooks that are at work.
    "catch_up_seconds": env.number("FOLLOW_CATCH_UP_SECONDS", 300, least=1),
    "catch_up_beside_webhooks_seconds": env.number("FOLLOW_CATCH_UP_BESIDE_WEBHOOKS_SECONDS", 1800, least=1),
    # Each list begins so long before the last one did, and by EXPORT_CLOCK_MARGIN_SECONDS more.
    "overlap_seconds": env.number("FOLLOW_OVERLAP_SECONDS", 60, least=0),
    # The share of a rate's burst that stays for exports; and where they leave none, how often a few calls are taken.
    "reserve": env.number("FOLLOW_RESERVE", 0.34),
    "share_seconds": env.number("FOLLOW_SHARE_SECONDS", 2, least=0.1),
    # A delivery of a record we do not know: our own create may not be written down yet.
    "unknown_seconds": env.number("FOLLOW_UNKNOWN_SECONDS", 60, least=1),
    # Webhooks that are there are looked at, and refused ones asked for again.
    "check_webhooks_seconds": env.number("FOLLOW_CHECK_WEBHOOKS_SECONDS", 3600, least=1),
    "ask_again_seconds": env.number("FOLLOW_ASK_AGAIN_SECONDS", 86_400, least=1),
    # Whom nobody told of for so long is read once more, but not those who left the pipeline long ago.
    "look_again_seconds": env.number("FOLLOW_LOOK_AGAIN_SECONDS", 86_400, least=60),
    "look_no_more_days": env.number("FOLLOW_LOOK_NO_MORE_DAYS", 30, least=1),
    # Deliveries are kept to look into what went wrong; vendors rerun them for two weeks.
    "keep_deliveries_days": env.number("FOLLOW_KEEP_DELIVERIES_DAYS", 30, least=15),
}
if FOLLOWING["catch_up_beside_webhooks_seconds"] < FOLLOWING["catch_up_seconds"]:
    raise ImproperlyConfigured(
        "FOLLOW_CATCH_UP_BESIDE_WEBHOOKS_SECONDS must not be shorter than FOLLOW_CATCH_UP_SECONDS."
    )
if FOLLOWING["reserve"] > 0.9:
    raise ImproperlyConfigured("FOLLOW_RESERVE must be at most 0.9: nothing would ever be read beside exports.")
if FOLLOWING["unknown_seconds"] <= EXPORTS["call_deadline_seconds"]:
    raise ImproperlyConfigured(
        "FOLLOW_UNKNOWN_SECONDS must be longer than EXPORT_CALL_DEADLINE_SECONDS: a create is told of before it ends."
    )

CELERY_BEAT_SCHEDULE = {
    "follow": {
        "task": "integrations.tasks.follow_sweep",
        "schedule": FOLLOWING["sweep_seconds"],
        "options": {"expires": FOLLOWING["sweep_seconds"]},
    },
    "prune-deliveries": {
        "task": "integrations.tasks.prune_deliveries",
        "schedule": 6 * 3600,
        "options": {"expires": 3600},
    },
    "sweep": {
        "task": "integrations.tasks.sweep",
        "schedule": EXPORTS["sweep_seconds"],
        "options": {"expires": EXPORTS["sweep_seconds"]},
    },
    "refresh-accounts": {
        "task": "integrations.tasks.refresh_accounts",
        "schedule": EXPORTS["refresh_postings_seconds"],
        "options": {"expires": EXPORTS["refresh_postings_seconds"]},
    },
    "digests": {
        "task": "integrations.tasks.digests",
        "schedule": 600,
        "options": {"expires": 600},
    },
    "letters": {
        "task": "accounts.tasks.deliver_all",
        "schedule": 60,
        "options": {"expires": 60},
    },
    "keep-grants-alive": {
        "task": "integrations.tasks.keep_grants_alive",
        "schedule": 6 * 3600,
        "options": {"expires": 3600},
    },
}

# The hour of the day (UTC) at which admins are written to about exports that need a person, if any do.
DIGEST_HOUR = int(env.number("DIGEST_HOUR", 6, least=0))
if DIGEST_HOUR > 23:
    raise ImproperlyConfigured("DIGEST_HOUR is an hour of the day in UTC: 0 to 23.")

# -- Signing in (django-allauth) --------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "signup": "accounts.forms.SignupForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
# One may start at once; what needs a proven address (acting as somebody at an ATS) asks for it.
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_LOGOUT_REDIRECT_URL = "public_board"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_RATE_LIMITS = {
    "login": env.text("RATE_LIMIT_LOGIN", "30/m/ip"),
    "login_failed": env.text("RATE_LIMIT_LOGIN_FAILED", "10/m/ip,5/5m/key"),
    "signup": env.text("RATE_LIMIT_SIGNUP", "20/m/ip"),
    "reset_password": env.text("RATE_LIMIT_RESET_PASSWORD", "20/m/ip,5/m/key"),
    "reset_password_from_key": env.text("RATE_LIMIT_RESET_PASSWORD_FROM_KEY", "20/m/ip"),
    "confirm_email": "1/3m/key",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
    "reauthenticate": "10/m/user",
}
# Applications, counted with the same machinery.
APPLY_RATE_LIMITS = {"apply": env.text("RATE_LIMIT_APPLY", "20/m/ip,200/h/ip")}
ALLAUTH_TRUSTED_PROXY_COUNT = int(env.number("TRUSTED_PROXY_COUNT", 0))

# -- Mail -------------------------------------------------------------------------------------------------------------

EMAIL_BACKEND = env.text("EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
EMAIL_FILE_PATH = env.text("EMAIL_FILE_PATH", str(BASE_DIR / ".local" / "mail"))
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = int(env.number("EMAIL_PORT", 25))
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Purpose Jobs <no-reply@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# -- Files ------------------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", str(BASE_DIR / "media")))
RESUME_MAX_BYTES = int(env.number("RESUME_MAX_BYTES", 10 * 1024 * 1024, least=1))
# A résumé travels in one request with the rest of the form.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
S3_BUCKET = env.text("S3_BUCKET", "")
STORAGES = {
    # Private files: they have no address of their own, views hand them out.
    "default": {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": env.text("S3_ENDPOINT_URL", "") or None,
            "default_acl": None,
        },
    }
    if S3_BUCKET
    else {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# -- Security ---------------------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "object-src": [SELF],
        # Browsers apply this to where a form's answer redirects too: leaving for an ATS is a link, never a form.
        "form-action": [SELF],
        "frame-ancestors": [SELF],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
X_FRAME_OPTIONS = "DENY"  # the résumé shown inside its candidate's page says otherwise for itself
SECURE_CONTENT_TYPE_NOSNIFF = True
# The OAuth callback comes from another site and must find its session: Lax, not Strict.
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "purposejobs_session"
CSRF_COOKIE_NAME = "purposejobs_csrf"
SECURE_REFERRER_POLICY = "same-origin"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = IS_HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IS_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^health/"]
if env.flag("BEHIND_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# -- Words and times --------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

# -- Logs: ids, states and reasons; never bodies, tokens or people ----------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"routes_only": {"()": "purposejobs.logs.RoutesOnly"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["routes_only"]}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "INFO")},
    "loggers": {
        "urllib3": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},  # which would say every few seconds that it is time for the sweep
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
