from django.urls import path

from accounts import views

urlpatterns = [
    path("", views.home, name="home"),
    path("company/new/", views.company_new, name="company_new"),
    path("invitations/<str:token>/", views.invitation_accept, name="invitation_accept"),
    path("c/<slug:company_slug>/", views.dashboard, name="dashboard"),
    path("c/<slug:company_slug>/settings/", views.account_settings, name="account_settings"),
    path("c/<slug:company_slug>/settings/company/", views.company_settings, name="company_settings"),
    path("c/<slug:company_slug>/settings/team/", views.team, name="team"),
    path("c/<slug:company_slug>/settings/team/invite/", views.invitation_create, name="invitation_create"),
    path(
        "c/<slug:company_slug>/settings/team/invitations/<int:invitation_pk>/cancel/",
        views.invitation_cancel,
        name="invitation_cancel",
    ),
    path("c/<slug:company_slug>/settings/team/<int:membership_pk>/role/", views.member_role, name="member_role"),
    path("c/<slug:company_slug>/settings/team/<int:membership_pk>/remove/", views.member_remove, name="member_remove"),
    path("c/<slug:company_slug>/notifications/", views.notification_list, name="notification_list"),
    path("c/<slug:company_slug>/notifications/bell/", views.notification_bell, name="notification_bell"),
    path("c/<slug:company_slug>/notifications/read/", views.notifications_read, name="notifications_read"),
    path(
        "c/<slug:company_slug>/notifications/<int:notification_pk>/open/",
        views.notification_open,
        name="notification_open",
    ),
]
