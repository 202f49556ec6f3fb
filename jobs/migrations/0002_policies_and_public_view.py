from django.db import migrations

from purposejobs.tenancy import protect


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial"), ("accounts", "0002_policies_and_public_view")]

    operations = [
        protect("jobs_job"),
        # What composite foreign keys of other tables point at.
        migrations.RunSQL(
            "ALTER TABLE jobs_job ADD CONSTRAINT jobs_job_with_company UNIQUE (id, company_id)",
            "ALTER TABLE jobs_job DROP CONSTRAINT jobs_job_with_company",
        ),
        # A view runs as its owner, so it shows every company's open jobs; the join makes it read-only.
        migrations.RunSQL(
            "CREATE VIEW jobs_public_job AS"
            " SELECT job.id, job.company_id, job.title, job.team, job.location, job.commitment, job.workplace,"
            " job.salary, job.description, job.published_at"
            " FROM jobs_job job JOIN accounts_company company ON company.id = job.company_id"
            " WHERE job.status = 'open'",
            "DROP VIEW jobs_public_job",
        ),
    ]
