from django.db import migrations

from purposejobs.tenancy import way_in


class Migration(migrations.Migration):
    dependencies = [("integrations", "0003_posting_titles")]

    operations = [
        # `manage.py exports` finds connections by company or key ('' and 0: all), and learns nothing but their keys.
        way_in(
            "connections_for_operators",
            "company_slug text, connection bigint",
            "SETOF bigint",
            "SELECT c.id FROM integrations_connection c JOIN accounts_company o ON o.id = c.company_id"
            " WHERE ($1 = '' OR o.slug = $1) AND ($2 = 0 OR c.id = $2) ORDER BY o.slug, c.id",
        ),
    ]
