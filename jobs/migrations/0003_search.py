import django.db.models.functions.text
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models

COLUMNS = (
    "job.id, job.company_id, job.title, job.team, job.location, job.commitment, job.workplace, job.salary,"
    " job.description, job.published_at"
)
TABLES = "FROM jobs_job job JOIN accounts_company company ON company.id = job.company_id WHERE job.status = 'open'"


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_policies_and_public_view")]

    operations = [
        TrigramExtension(),
        migrations.AddField(
            model_name="job",
            name="search_text",
            field=models.GeneratedField(
                db_persist=True,
                expression=django.db.models.functions.text.Lower(
                    django.db.models.functions.text.Concat(
                        "title", models.Value(" "), "team", models.Value(" "), "location"
                    )
                ),
                output_field=models.TextField(),
            ),
        ),
        migrations.RunSQL(
            f"CREATE OR REPLACE VIEW jobs_public_job AS SELECT {COLUMNS}, job.search_text {TABLES}",
            f"DROP VIEW jobs_public_job; CREATE VIEW jobs_public_job AS SELECT {COLUMNS} {TABLES}",
        ),
    ]
