from django.urls import URLPattern

app_name = "lever"

urlpatterns: list[URLPattern] = []
