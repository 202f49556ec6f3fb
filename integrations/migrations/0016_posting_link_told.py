from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0015_forget_keys")]

    operations = [
        migrations.AddField("postinglink", "told_digest", models.CharField(blank=True, default="", max_length=64)),
    ]
