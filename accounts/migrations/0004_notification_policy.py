from django.db import migrations

from purposejobs.tenancy import protect


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_notification")]

    operations = [protect("accounts_notification")]
