from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The table has grown: its indexes are built beside the traffic.
    atomic = False

    dependencies = [("integrations", "0008_two_way_indexes")]

    operations = [
        AddIndexConcurrently(
            model_name="candidateexport",
            index=models.Index(
                fields=["company", "stage_id", "candidate"],
                condition=models.Q(state="sent", deleted_there_at=None, archived_at=None, hired_at=None),
                name="integrations_export_stage",
            ),
        ),
        AddIndexConcurrently(
            model_name="candidateexport",
            index=models.Index(
                fields=["company", "candidate"],
                condition=models.Q(deleted_there_at=None, hired_at=None) & ~models.Q(archived_at=None),
                name="integrations_export_archived",
            ),
        ),
        AddIndexConcurrently(
            model_name="candidateexport",
            index=models.Index(
                fields=["company", "candidate"],
                condition=models.Q(deleted_there_at=None) & ~models.Q(hired_at=None),
                name="integrations_export_hired",
            ),
        ),
    ]
