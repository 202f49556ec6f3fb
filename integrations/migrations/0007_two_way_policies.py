from django.db import migrations

from purposejobs.tenancy import protect, same_company, way_in


class Migration(migrations.Migration):
    dependencies = [("integrations", "0006_two_way"), ("accounts", "0004_notification_policy")]

    operations = [
        protect("integrations_accountreason"),
        protect("integrations_stagechange"),
        protect("integrations_webhookevent"),
        protect("integrations_bulksend"),
        protect("integrations_bulksenditem"),
        migrations.RunSQL(
            "ALTER TABLE integrations_bulksend ADD CONSTRAINT integrations_bulksend_with_company"
            " UNIQUE (id, company_id)",
            "ALTER TABLE integrations_bulksend DROP CONSTRAINT integrations_bulksend_with_company",
        ),
        same_company("integrations_accountreason", "connection_id", "integrations_connection"),
        same_company("integrations_stagechange", "export_id", "integrations_candidateexport"),
        same_company("integrations_webhookevent", "connection_id", "integrations_connection"),
        same_company("integrations_bulksend", "connection_id", "integrations_connection"),
        same_company("integrations_bulksenditem", "bulk_send_id", "integrations_bulksend"),
        same_company("integrations_bulksenditem", "export_id", "integrations_candidateexport"),
        same_company("integrations_connection", "lead_posting_id", "integrations_posting"),
        # A delivery names its connection by the unguessable part of our address, and nothing else.
        way_in(
            "connection_of_hook",
            "key text",
            "SETOF bigint",
            "SELECT id FROM integrations_connection WHERE hook_key = key AND state <> 'disconnected'",
        ),
        # Who has something to read: deliveries, people to be looked at again, a catch-up that is due or under way; and
        # whose webhooks are still to be made or taken away.
        way_in(
            "connections_to_follow",
            "",
            "SETOF bigint",
            "SELECT id FROM integrations_connection c WHERE c.state = 'active'"
            " AND (c.paused_until IS NULL OR c.paused_until <= statement_timestamp()) AND ("
            " c.next_catch_up_at <= statement_timestamp()"
            " OR EXISTS (SELECT FROM integrations_webhookevent e WHERE e.connection_id = c.id AND e.outcome = 'waiting')"
            " OR EXISTS (SELECT FROM integrations_candidateexport e WHERE e.connection_id = c.id"
            "   AND e.read_due_at <= statement_timestamp()))",
        ),
    ]
