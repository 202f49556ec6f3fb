"""The product's settings with what tests need instead; the environment is made by conftest.py."""

import os

from purposejobs.settings import *
from purposejobs.settings import ATS_PROVIDERS, DATABASES, INSTALLED_APPS, STORAGES

# Both aliases are one database. Marked as a mirror, `default` is not flushed after a transactional test: the
# application role could not, the owner can.
DATABASES["default"]["TEST"] = {"MIRROR": "owner"}
for database in DATABASES.values():
    database["CONN_MAX_AGE"] = 0
    # Two connections of one test that wait for each other are an error, not a night's wait.
    database["OPTIONS"] = {**database["OPTIONS"], "options": "-c lock_timeout=15s"}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True

# A second ATS, of our invention: see tests/harbor.
ATS_PROVIDERS["harbor"] = {
    "package": "tests.harbor",
    "environment": "test",
    "api_url": os.environ.get("HARBOR_URL", "http://127.0.0.1:9"),
}
INSTALLED_APPS = [*INSTALLED_APPS, "tests.harbor"]
