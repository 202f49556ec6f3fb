from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # These tables have grown: their indexes are built beside the traffic.
    atomic = False

    dependencies = [("integrations", "0007_two_way_policies")]

    operations = [
        AddIndexConcurrently(
            model_name='activity',
            index=models.Index(fields=['company', 'candidate', '-created_at'], name='integrations_activity_person'),
        ),
        AddIndexConcurrently(
            model_name='candidateexport',
            index=models.Index(condition=models.Q(('read_due_at', None), _negated=True), fields=['connection', 'read_due_at'], name='integrations_export_read_due'),
        ),
        AddIndexConcurrently(
            model_name='candidateexport',
            index=models.Index(condition=models.Q(('state', 'sent')), fields=['connection', 'checked_at'], name='integrations_export_checked'),
        ),
    ]
