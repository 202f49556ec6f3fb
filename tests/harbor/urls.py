from django.urls import path

from tests.harbor import views

app_name = "harbor"

urlpatterns = [path("c/<slug:company_slug>/start/", views.start, name="start")]
