from django.db import migrations

from purposejobs.tenancy import protect, way_in


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_letter")]

    operations = [
        protect("accounts_letter"),
        # Whose letters the mail server did not take at first.
        way_in(
            "companies_with_letters",
            "",
            "SETOF bigint",
            "SELECT DISTINCT company_id FROM accounts_letter WHERE next_attempt_at <= statement_timestamp()",
        ),
    ]
