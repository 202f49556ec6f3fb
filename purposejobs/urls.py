"""Addresses. Company pages live under /c/<company>/; an ATS's own under /integrations/<slug>/."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from health_check.views import HealthCheckView

urlpatterns = [
    path("", include("accounts.urls")),
    path("", include("jobs.urls")),
    path("", include("candidates.urls")),
    path("", include("integrations.urls")),
    *[path(f"integrations/{slug}/", include(f"{ats['package']}.urls")) for slug, ats in settings.ATS_PROVIDERS.items()],
    path("accounts/", include("allauth.account.urls")),
    path("health/", HealthCheckView.as_view(checks=["health_check.Database"]), name="health"),
    path("operators/", admin.site.urls),
]
