from django.urls import path

from integrations.views import (
    activity,
    checks,
    connections,
    exports,
    history,
    imports,
    matches,
    preferences,
    progress,
    report,
    retries,
    sendings,
)

urlpatterns = [
    path("c/<slug:company_slug>/settings/integrations/", connections.integration_list, name="integration_list"),
    path(
        "c/<slug:company_slug>/settings/integrations/<slug:provider>/",
        connections.connection_detail,
        name="connection_detail",
    ),
    path(
        "c/<slug:company_slug>/settings/integrations/<slug:provider>/postings/",
        connections.postings_refresh,
        name="postings_refresh",
    ),
    path(
        "c/<slug:company_slug>/settings/integrations/<slug:provider>/sync/",
        connections.connection_sync,
        name="connection_sync",
    ),
    path(
        "c/<slug:company_slug>/settings/integrations/<slug:provider>/settings/",
        preferences.connection_settings,
        name="connection_settings",
    ),
    path(
        "c/<slug:company_slug>/settings/integrations/<slug:provider>/settings/jobs/",
        preferences.connection_job_exports,
        name="connection_job_exports",
    ),
    path(
        "c/<slug:company_slug>/settings/integrations/<slug:provider>/check/",
        checks.connection_check,
        name="connection_check",
    ),
    path(
        "c/<slug:company_slug>/settings/integrations/<slug:provider>/test-candidate/",
        checks.connection_test_candidate,
        name="connection_test_candidate",
    ),
    path(
        "c/<slug:company_slug>/settings/integrations/<slug:provider>/disconnect/",
        connections.connection_disconnect,
        name="connection_disconnect",
    ),
    path(
        "c/<slug:company_slug>/settings/integrations/<slug:provider>/back-fill/",
        connections.connection_back_fill,
        name="connection_back_fill",
    ),
    path("c/<slug:company_slug>/jobs/connect/", matches.job_matches, name="job_matches"),
    path("c/<slug:company_slug>/jobs/connect/undo/", matches.job_matches_undo, name="job_matches_undo"),
    path("c/<slug:company_slug>/jobs/import/", imports.posting_import, name="posting_import"),
    path("c/<slug:company_slug>/jobs/<int:job_pk>/posting/", imports.job_posting_diff, name="job_posting_diff"),
    path(
        "c/<slug:company_slug>/jobs/<int:job_pk>/posting/connect/",
        matches.job_posting_connect,
        name="job_posting_connect",
    ),
    path(
        "c/<slug:company_slug>/jobs/<int:job_pk>/posting/disconnect/",
        matches.job_posting_disconnect,
        name="job_posting_disconnect",
    ),
    path(
        "c/<slug:company_slug>/candidates/<int:candidate_pk>/send/",
        exports.export_confirm,
        name="export_confirm",
    ),
    path(
        "c/<slug:company_slug>/candidates/<int:candidate_pk>/mark/",
        exports.candidate_mark,
        name="candidate_mark",
    ),
    path(
        "c/<slug:company_slug>/candidates/<int:candidate_pk>/panel/", progress.candidate_panel, name="candidate_panel"
    ),
    path(
        "c/<slug:company_slug>/candidates/<int:candidate_pk>/refresh/",
        progress.candidate_progress_refresh,
        name="candidate_progress_refresh",
    ),
    path(
        "c/<slug:company_slug>/candidates/<int:candidate_pk>/timeline/",
        progress.candidate_timeline,
        name="candidate_timeline",
    ),
    path("c/<slug:company_slug>/sendings/", sendings.bulk_send_list, name="bulk_send_list"),
    path("c/<slug:company_slug>/sendings/<int:bulk_send_pk>/", sendings.bulk_send_detail, name="bulk_send_detail"),
    path("c/<slug:company_slug>/sendings/<int:bulk_send_pk>/job/", sendings.bulk_send_job, name="bulk_send_job"),
    path(
        "c/<slug:company_slug>/sendings/<int:bulk_send_pk>/confirm/",
        sendings.bulk_send_confirm,
        name="bulk_send_confirm",
    ),
    path("c/<slug:company_slug>/report/", report.report, name="report"),
    path("c/<slug:company_slug>/report/csv/", report.report_csv, name="report_csv"),
    path("c/<slug:company_slug>/activity/", activity.activity_list, name="activity_list"),
    path("c/<slug:company_slug>/activity/csv/", activity.activity_csv, name="activity_csv"),
    path("c/<slug:company_slug>/exports/", history.export_list, name="export_list"),
    path("c/<slug:company_slug>/exports/retry/", retries.exports_retry, name="exports_retry"),
    path("c/<slug:company_slug>/exports/dismiss/", retries.exports_dismiss, name="exports_dismiss"),
    path("c/<slug:company_slug>/exports/<int:export_pk>/mark/", exports.export_mark, name="export_mark"),
    path("c/<slug:company_slug>/exports/<int:export_pk>/retry/", exports.export_retry, name="export_retry"),
    path("c/<slug:company_slug>/exports/<int:export_pk>/dismiss/", exports.export_dismiss, name="export_dismiss"),
]
