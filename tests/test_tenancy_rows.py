"""What the application's role reaches in the database, whatever the code above forgets."""

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import Company, Membership
from jobs.models import Job
from purposejobs.tenancy import company_scope, user_scope
from tests import factories
from tests.tenants import TENANT_MODELS, furnish

TABLES = sorted(model._meta.db_table for model in TENANT_MODELS)
# Belong to the candidate, who may name any company.
NOT_TENANTS = {"candidates_hiddencompany"}


@pytest.fixture
def acmes(acme):
    return furnish(acme)


@pytest.fixture
def globexs(globex):
    return furnish(globex)


def query(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall()


def change(sql, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.rowcount


@pytest.mark.django_db
def test_the_application_role_owns_nothing_and_is_bound_by_policies():
    assert query("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user") == [(False, False)]
    assert query("SELECT count(*) FROM pg_tables WHERE tableowner = current_user") == [(0,)]


@pytest.mark.django_db
def test_every_table_with_a_company_has_a_policy_and_is_tested_here():
    with_company = query(
        "SELECT c.relname, c.relrowsecurity FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'company_id'"
        " WHERE c.relkind = 'r' AND n.nspname = 'public' ORDER BY c.relname"
    )

    assert with_company == [(table, table not in NOT_TENANTS) for table in sorted([*TABLES, *NOT_TENANTS])]


@pytest.mark.parametrize("table", TABLES)
def test_raw_sql_sees_the_rows_of_the_company_in_scope_only(acmes, globexs, table):
    assert query(f"SELECT count(*) FROM {table}") == [(0,)]
    with company_scope(acmes.company):
        assert query(f"SELECT DISTINCT company_id FROM {table}") == [(acmes.company.pk,)]
    with company_scope(globexs.company):
        assert query(f"SELECT DISTINCT company_id FROM {table}") == [(globexs.company.pk,)]


@pytest.mark.parametrize("model", TENANT_MODELS, ids=lambda model: model.__name__)
def test_the_orm_sees_the_rows_of_the_company_in_scope_only(acmes, globexs, model):
    rows = model._base_manager

    assert not rows.exists()
    with company_scope(acmes.company):
        assert set(rows.values_list("company", flat=True)) == {acmes.company.pk}
        assert not rows.filter(company=globexs.company).exists()


@pytest.mark.parametrize("table", TABLES)
def test_rows_of_another_company_cannot_be_changed_moved_or_deleted(acmes, globexs, table):
    with company_scope(globexs.company):
        assert change(f"UPDATE {table} SET company_id = company_id WHERE company_id = %s", acmes.company.pk) == 0
        assert change(f"DELETE FROM {table} WHERE company_id = %s", acmes.company.pk) == 0
    assert change(f"DELETE FROM {table}") == 0
    with company_scope(acmes.company):
        assert query(f"SELECT count(*) > 0 FROM {table}") == [(True,)]


@pytest.mark.parametrize("table", TABLES)
def test_a_row_cannot_be_given_to_another_company(acmes, globexs, table):
    with (
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
        company_scope(acmes.company),
    ):
        change(f"UPDATE {table} SET company_id = %s", globexs.company.pk)


def test_a_row_cannot_be_written_for_another_company_or_outside_a_scope(acme, globex):
    with pytest.raises(DatabaseError, match="row-level security"), company_scope(globex):
        Job.objects.create(company=acme, title="Planted")
    with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
        Job.objects.create(company=acme, title="Planted")


def test_before_a_company_is_in_scope_one_sees_ones_own_memberships_and_companies(acme, globex, alice, bob, mallory):
    assert not Membership.objects.exists()
    assert not Company.objects.exists()
    with user_scope(bob):
        assert [row.user for row in Membership.objects.all()] == [bob]
        assert list(Company.objects.all()) == [acme]
        assert Membership.objects.update(role="admin") == 0


def test_nobody_can_write_a_membership_for_themselves(acme, mallory):
    with (
        pytest.raises(DatabaseError, match="row-level security"),
        transaction.atomic(),
        user_scope(mallory),
    ):
        Membership.objects.create(user=mallory, company=acme, role="admin")


def test_the_public_views_show_open_jobs_and_cannot_be_written(acmes, globexs):
    factories.make_job(acmes.company, "Secret plan", status="draft")

    titles = query("SELECT company_id, title FROM jobs_public_job ORDER BY company_id")

    assert titles == [(acmes.company.pk, "Community Organizer"), (globexs.company.pk, "Community Organizer")]
    for sql in ["DELETE FROM jobs_public_job", "DELETE FROM accounts_public_company"]:
        with pytest.raises(DatabaseError, match="cannot delete from view"), transaction.atomic():
            change(sql)


def test_a_scope_ends_with_its_block(acmes, globexs):
    with company_scope(acmes.company):
        with company_scope(globexs.company):
            assert Job.objects.get() == globexs.job
        assert Job.objects.get() == acmes.job
    assert not Job.objects.exists()
