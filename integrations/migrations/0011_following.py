from django.db import migrations, models

from purposejobs.tenancy import way_in

BEFORE = way_in(
    "connections_to_follow",
    "",
    "SETOF bigint",
    "SELECT id FROM integrations_connection c WHERE c.state = 'active'"
    " AND (c.paused_until IS NULL OR c.paused_until <= statement_timestamp()) AND ("
    " c.next_catch_up_at <= statement_timestamp()"
    " OR EXISTS (SELECT FROM integrations_webhookevent e WHERE e.connection_id = c.id AND e.outcome = 'waiting')"
    " OR EXISTS (SELECT FROM integrations_candidateexport e WHERE e.connection_id = c.id"
    "   AND e.read_due_at <= statement_timestamp()))",
)


class Migration(migrations.Migration):
    dependencies = [("integrations", "0010_connection_test_claim")]

    operations = [
        migrations.AddField("connection", "subscriptions_due_at", models.DateTimeField(null=True)),
        migrations.AddField("candidateexport", "read_because", models.CharField(blank=True, max_length=10)),
        migrations.AddField("candidateexport", "read_tries", models.PositiveSmallIntegerField(default=0)),
        # The table is as new as this release: its index needs no building beside the traffic.
        migrations.AddIndex(
            "stagechange",
            models.Index(
                fields=["company"],
                condition=models.Q(kind="moved", stage_name="") | models.Q(kind="archived", reason_name=""),
                name="integrations_stage_change_bare",
            ),
        ),
        migrations.RunSQL(BEFORE.reverse_sql, BEFORE.sql),
        # Also whose webhooks are to be looked at, and who was connected before anybody was followed.
        way_in(
            "connections_to_follow",
            "",
            "SETOF bigint",
            "SELECT id FROM integrations_connection c WHERE c.state = 'active'"
            " AND (c.paused_until IS NULL OR c.paused_until <= statement_timestamp()) AND ("
            " coalesce(c.next_catch_up_at, '-infinity') <= statement_timestamp()"
            " OR coalesce(c.subscriptions_due_at, '-infinity') <= statement_timestamp()"
            " OR EXISTS (SELECT FROM integrations_webhookevent e WHERE e.connection_id = c.id"
            "   AND e.outcome = 'waiting')"
            # Who was sent and never looked at since.
            " OR EXISTS (SELECT FROM integrations_candidateexport e WHERE e.connection_id = c.id"
            "   AND e.state = 'sent' AND e.checked_at IS NULL AND e.read_due_at IS NULL"
            "   AND e.deleted_there_at IS NULL AND e.sent_at < statement_timestamp() - interval '5 seconds')"
            " OR EXISTS (SELECT FROM integrations_candidateexport e WHERE e.connection_id = c.id"
            "   AND e.read_due_at <= statement_timestamp()))",
        ),
        # Deliveries are kept for a while and then go, whoever's they are.
        way_in(
            "companies_with_old_deliveries",
            "before timestamptz",
            "SETOF bigint",
            "SELECT DISTINCT company_id FROM integrations_webhookevent WHERE received_at < before",
        ),
    ]
