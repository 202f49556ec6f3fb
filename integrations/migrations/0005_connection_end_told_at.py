from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0004_operators_way_in")]

    operations = [
        migrations.AddField("connection", "end_told_at", models.DateTimeField(null=True)),
    ]
