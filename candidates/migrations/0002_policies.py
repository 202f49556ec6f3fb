from django.db import migrations

from purposejobs.tenancy import protect, same_company, way_in


class Migration(migrations.Migration):
    dependencies = [("candidates", "0001_initial"), ("jobs", "0002_policies_and_public_view")]

    operations = [
        # Candidate belongs to no company and has no policy: a company reaches it through its applications or through
        # visible_to(). A policy would also keep its search indexes from being used.
        protect("candidates_application"),
        same_company("candidates_application", "job_id", "jobs_job"),
        # Erasing a person reaches every company that received them.
        way_in(
            "companies_of_candidate",
            "candidate bigint",
            "SETOF bigint",
            "SELECT DISTINCT company_id FROM candidates_application WHERE candidate_id = candidate",
        ),
    ]
