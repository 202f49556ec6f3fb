from django.urls import path

from jobs import views

urlpatterns = [
    path("jobs/", views.public_board, name="public_board"),
    path("jobs/<slug:slug>/<int:pk>/", views.public_job, name="public_job"),
    path("companies/<slug:slug>/", views.public_company, name="public_company"),
    path("c/<slug:company_slug>/jobs/", views.job_list, name="job_list"),
    path("c/<slug:company_slug>/jobs/new/", views.job_create, name="job_create"),
    path("c/<slug:company_slug>/jobs/<int:job_pk>/edit/", views.job_edit, name="job_edit"),
    path("c/<slug:company_slug>/jobs/<int:job_pk>/publish/", views.job_publish, name="job_publish"),
    path("c/<slug:company_slug>/jobs/<int:job_pk>/close/", views.job_close, name="job_close"),
]
