from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0009_candidates_by_stage"),
    ]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="test_claimed_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="connection",
            name="test_finished_at",
            field=models.DateTimeField(null=True),
        ),
    ]
