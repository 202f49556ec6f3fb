from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integrations", "0012_company_of_hook")]

    operations = [
        # What the vendor's list last said of a posting: one that says the same again is not written.
        migrations.AddField("posting", "digest", models.CharField(blank=True, max_length=64)),
    ]
