from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The table has grown: its indexes are built beside the traffic.
    atomic = False

    dependencies = [("integrations", "0016_posting_link_told")]

    operations = [
        AddIndexConcurrently(
            model_name="candidateexport",
            index=models.Index(fields=["company", "-changed_at", "-id"], name="integrations_export_newest"),
        ),
        AddIndexConcurrently(
            model_name="candidateexport",
            index=models.Index(
                condition=models.Q(("state__in", ["waiting", "sending", "failed"])),
                fields=["company", "-changed_at", "-id"],
                name="integrations_export_open",
            ),
        ),
    ]
