from django.db import migrations

from purposejobs.tenancy import COMPANY_IN_SCOPE, USER_IN_SCOPE, protect

OWN = f"user_id = {USER_IN_SCOPE}"
OWN_COMPANY = f"id IN (SELECT company_id FROM accounts_membership WHERE {OWN})"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [
        # One's own memberships can be read before a company is in scope, but only written within it.
        protect("accounts_membership"),
        migrations.RunSQL(
            f"CREATE POLICY own ON accounts_membership FOR SELECT USING ({OWN})",
            "DROP POLICY own ON accounts_membership",
        ),
        protect("accounts_invitation"),
        protect("accounts_company", rule=f"id = {COMPANY_IN_SCOPE}"),
        migrations.RunSQL(
            f"CREATE POLICY own ON accounts_company FOR SELECT USING ({OWN_COMPANY})",
            "DROP POLICY own ON accounts_company",
        ),
        # A view runs as its owner, so it shows every company; the join makes it read-only.
        migrations.RunSQL(
            "CREATE VIEW accounts_public_company AS"
            " SELECT company.id, company.name, company.slug, company.website, company.about"
            " FROM accounts_company company JOIN (SELECT 1) AS read_only ON true",
            "DROP VIEW accounts_public_company",
        ),
    ]
