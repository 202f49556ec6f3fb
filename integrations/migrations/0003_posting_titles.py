from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("integrations", "0002_policies")]

    operations = [
        migrations.RunSQL("CREATE EXTENSION IF NOT EXISTS pg_trgm", migrations.RunSQL.noop),
        migrations.RunSQL("CREATE EXTENSION IF NOT EXISTS btree_gist", migrations.RunSQL.noop),
        # Nearest titles within one connection: without the connection in front, the search would walk through the
        # postings of every company before it met enough of ours.
        migrations.RunSQL(
            "CREATE INDEX integrations_posting_title ON integrations_posting"
            " USING gist (connection_id, title gist_trgm_ops) WHERE is_open AND gone_at IS NULL",
            "DROP INDEX integrations_posting_title",
        ),
    ]
