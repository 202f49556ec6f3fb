from django.db import migrations

from purposejobs.tenancy import way_in


class Migration(migrations.Migration):
    dependencies = [("integrations", "0013_posting_digest")]

    operations = [
        # Whose digest of the day is still to be written: those that stood at its hour.
        way_in(
            "connections_to_digest",
            "hour timestamptz",
            "SETOF bigint",
            "SELECT id FROM integrations_connection WHERE state <> 'disconnected' AND connected_at < hour"
            " AND (digest_sent_on IS NULL OR digest_sent_on < (hour AT TIME ZONE 'UTC')::date)",
        ),
    ]
