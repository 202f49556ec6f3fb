from django.urls import path

from candidates import views

urlpatterns = [
    path("jobs/<slug:company_slug>/<int:job_pk>/apply/", views.apply, name="apply"),
    path("jobs/<slug:company_slug>/<int:job_pk>/apply/thanks/", views.apply_thanks, name="apply_thanks"),
    path("applications/<str:token>/", views.application_confirm, name="application_confirm"),
    path("applications/<str:token>/withdraw/", views.application_withdraw, name="application_withdraw"),
    path("applications/<str:token>/hide/", views.candidate_hide, name="candidate_hide"),
    path("applications/<str:token>/unhide/", views.candidate_unhide, name="candidate_unhide"),
    path("applications/<str:token>/erase/", views.candidate_erase, name="candidate_erase"),
    path("c/<slug:company_slug>/candidates/", views.candidate_list, name="candidate_list"),
    path("c/<slug:company_slug>/candidates/send/", views.candidates_send, name="candidates_send"),
    path("c/<slug:company_slug>/candidates/<int:candidate_pk>/", views.candidate_detail, name="candidate_detail"),
    path(
        "c/<slug:company_slug>/candidates/<int:candidate_pk>/resume/", views.candidate_resume, name="candidate_resume"
    ),
    path("c/<slug:company_slug>/candidates/<int:candidate_pk>/share/", views.candidate_share, name="candidate_share"),
]
