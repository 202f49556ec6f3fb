from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The table has grown: its index is built beside the traffic.
    atomic = False

    dependencies = [("candidates", "0003_search_text")]

    operations = [
        AddIndexConcurrently(
            model_name="candidate",
            index=models.Index(fields=["id"], condition=~models.Q(erased_at=None), name="candidates_erased"),
        ),
    ]
