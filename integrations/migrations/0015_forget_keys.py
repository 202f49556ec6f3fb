from django.db import migrations

from purposejobs.tenancy import way_in

BODY = (
    "SELECT id FROM integrations_connection c WHERE"
    # Rows whose holder is gone are taken back whatever the connection's state.
    " EXISTS (SELECT FROM integrations_candidateexport e WHERE e.connection_id = c.id"
    "   AND e.claim IS NOT NULL AND e.claimed_until < statement_timestamp())"
    # An ended connection forgets its grant, and cancels what came in late.
    " OR c.state = 'disconnected' AND ({grant} OR EXISTS (SELECT"
    "   FROM integrations_candidateexport e WHERE e.connection_id = c.id AND e.state = 'waiting'))"
    " OR c.state = 'active' AND (c.paused_until IS NULL OR c.paused_until <= statement_timestamp()) AND ("
    " EXISTS (SELECT FROM integrations_candidateexport e WHERE e.connection_id = c.id"
    "   AND e.state = 'waiting' AND e.next_attempt_at <= statement_timestamp() AND (e.held_reason = '' OR e.look_first))"
    " OR EXISTS (SELECT FROM integrations_candidateexport e WHERE e.connection_id = c.id"
    "   AND e.follow_up = 'waiting' AND e.follow_up_at <= statement_timestamp()))"
)


def sweep(grant: str) -> migrations.RunSQL:
    return way_in("connections_with_work", "", "SETOF bigint", BODY.format(grant=grant))


class Migration(migrations.Migration):
    dependencies = [("integrations", "0014_digest_way_in")]

    operations = [
        migrations.RunSQL(sweep("c.refresh_token <> ''").reverse_sql, sweep("c.refresh_token <> ''").sql),
        # Some vendors give one key and nothing to refresh it with: that is forgotten too.
        sweep("c.access_token <> '' OR c.refresh_token <> ''"),
    ]
