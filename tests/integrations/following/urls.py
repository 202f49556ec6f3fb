"""The product's addresses, and the one that the far side is to tell."""

from django.http import HttpResponse
from django.urls import include, path

from purposejobs.urls import urlpatterns

webhook = path("integrations/farside/hooks/<str:key>/", lambda request, key: HttpResponse(), name="webhook")
urlpatterns = [*urlpatterns, path("", include(([webhook], "farside")))]
