from django.db import migrations

from purposejobs.tenancy import protect, same_company, way_in

WITH_COMPANY = ["integrations_connection", "integrations_posting", "integrations_candidateexport"]


class Migration(migrations.Migration):
    dependencies = [("integrations", "0001_initial"), ("candidates", "0002_policies")]

    operations = [
        protect("integrations_connection"),
        protect("integrations_accountuser"),
        protect("integrations_accountstage"),
        protect("integrations_posting"),
        protect("integrations_postinglink"),
        protect("integrations_candidateexport"),
        protect("integrations_exportattempt"),
        protect("integrations_activity"),
        # What the composite foreign keys point at.
        *[
            migrations.RunSQL(
                f"ALTER TABLE {table} ADD CONSTRAINT {table}_with_company UNIQUE (id, company_id)",
                f"ALTER TABLE {table} DROP CONSTRAINT {table}_with_company",
            )
            for table in WITH_COMPANY
        ],
        migrations.RunSQL(
            "ALTER TABLE integrations_posting"
            " ADD CONSTRAINT integrations_posting_with_connection UNIQUE (id, connection_id)",
            "ALTER TABLE integrations_posting DROP CONSTRAINT integrations_posting_with_connection",
        ),
        # A link joins a job, a posting and a connection of one company; a posting is one of its connection's.
        same_company("integrations_postinglink", "job_id", "jobs_job"),
        same_company("integrations_postinglink", "connection_id", "integrations_connection"),
        same_company("integrations_postinglink", "posting_id", "integrations_posting"),
        same_company("integrations_postinglink", "posting_id", "integrations_posting", shared="connection_id"),
        same_company("integrations_posting", "connection_id", "integrations_connection"),
        same_company("integrations_candidateexport", "connection_id", "integrations_connection"),
        same_company("integrations_candidateexport", "posting_id", "integrations_posting", shared="connection_id"),
        same_company("integrations_exportattempt", "export_id", "integrations_candidateexport"),
        # A task gets the key of a connection and takes the company from the row.
        way_in(
            "company_of_connection",
            "connection bigint",
            "bigint",
            "SELECT company_id FROM integrations_connection WHERE id = connection",
        ),
        # The sweep looks at every company at once, and learns only which connections have something to do.
        way_in(
            "connections_with_work",
            "",
            "SETOF bigint",
            "SELECT id FROM integrations_connection c WHERE"
            # Rows whose holder is gone are taken back whatever the connection's state.
            " EXISTS (SELECT FROM integrations_candidateexport e WHERE e.connection_id = c.id"
            "   AND e.claim IS NOT NULL AND e.claimed_until < statement_timestamp())"
            # An ended connection forgets its grant, and cancels what came in late.
            " OR c.state = 'disconnected' AND (c.refresh_token <> '' OR EXISTS (SELECT"
            "   FROM integrations_candidateexport e WHERE e.connection_id = c.id AND e.state = 'waiting'))"
            " OR c.state = 'active' AND (c.paused_until IS NULL OR c.paused_until <= statement_timestamp()) AND ("
            " EXISTS (SELECT FROM integrations_candidateexport e WHERE e.connection_id = c.id"
            "   AND e.state = 'waiting' AND e.next_attempt_at <= statement_timestamp() AND (e.held_reason = '' OR e.look_first))"
            " OR EXISTS (SELECT FROM integrations_candidateexport e WHERE e.connection_id = c.id"
            "   AND e.follow_up = 'waiting' AND e.follow_up_at <= statement_timestamp()))",
        ),
        way_in(
            "standing_connections",
            "",
            "SETOF bigint",
            "SELECT id FROM integrations_connection WHERE state = 'active'",
        ),
        # Erasing a person reaches every company that exported them.
        way_in(
            "companies_that_exported",
            "candidate bigint",
            "SETOF bigint",
            "SELECT DISTINCT company_id FROM integrations_candidateexport WHERE candidate_id = candidate",
        ),
    ]
