from django.urls import path

from integrations.lever import views

app_name = "lever"

urlpatterns = [
    path("c/<slug:company_slug>/start/", views.start, name="start"),
    path("callback/", views.callback, name="callback"),
    path("hooks/<slug:key>/", views.webhook, name="webhook"),
]
