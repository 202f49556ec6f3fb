"""One company's rows at a time: the scope that every query of a company runs in, and the policies that enforce it.

Web and workers connect as a role that owns no table, so PostgreSQL's row-level security holds for every statement
they send. `company_scope(company)` names the company for the rest of the transaction; without it no tenant row is
seen or written. Migrations and test set-up connect as the owner (alias `owner`), who is not bound.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection, migrations, models, transaction

# (SELECT ...) makes PostgreSQL evaluate the setting once for a statement, not once for a row.
COMPANY_IN_SCOPE = "(SELECT nullif(current_setting('purposejobs.company', true), '')::bigint)"
USER_IN_SCOPE = "(SELECT nullif(current_setting('purposejobs.user', true), '')::bigint)"


@contextmanager
def _setting(name: str, value: int) -> Iterator[None]:
    was_inside = connection.in_atomic_block
    with transaction.atomic():
        with connection.cursor() as cursor:
            if was_inside:
                cursor.execute("SELECT current_setting(%s, true)", [name])
                before = cursor.fetchone()[0] or ""
            cursor.execute("SELECT set_config(%s, %s, true)", [name, str(value)])
        yield
        # An outer transaction lives on, and must not keep this scope; an error rolls the setting back by itself.
        if was_inside and not connection.needs_rollback:
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config(%s, %s, true)", [name, before])


@contextmanager
def company_scope(company: "models.Model | int") -> Iterator[None]:
    """Run the block in a transaction that sees and writes the rows of this company (a Company or its pk) only."""
    with _setting("purposejobs.company", company if isinstance(company, int) else company.pk):
        yield


@contextmanager
def user_scope(user: "models.Model") -> Iterator[None]:
    """Run the block in a transaction that sees the user's own memberships and the companies they lead to."""
    with _setting("purposejobs.user", user.pk):
        yield


def reserve_pk(model: type[models.Model]) -> int:
    """Take the next key of a table, so that a company can be in its own scope before it exists."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id'))", [model._meta.db_table])
        return cursor.fetchone()[0]


def keys_from(way_in: str, *arguments: int | str) -> list[int]:
    """Ask one of the named ways past the policies (see `way_in`) for its keys."""
    with connection.cursor() as cursor:
        places = ", ".join(["%s"] * len(arguments))
        cursor.execute(f"SELECT {way_in}({places})", arguments)
        return [key for (key,) in cursor.fetchall() if key is not None]


class TenantModel(models.Model):
    """A row that belongs to one company. Its migration must call `protect()` for its table."""

    company = models.ForeignKey("accounts.Company", models.CASCADE, related_name="+")

    class Meta:
        abstract = True


def protect(table: str, *, rule: str = f"company_id = {COMPANY_IN_SCOPE}") -> migrations.RunSQL:
    """Return the migration step that binds a table's rows to the company in scope, or to another rule."""
    return migrations.RunSQL(
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY; CREATE POLICY tenant ON {table} USING ({rule});",
        f"DROP POLICY tenant ON {table}; ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;",
    )


def same_company(table: str, column: str, target: str, *, shared: str = "company_id") -> migrations.RunSQL:
    """Return the migration step that lets `column` point only to a row with the same company (or other shared column).

    Django has no composite foreign keys, and an ordinary one does not see row-level security.
    """
    name = f"{table}_{column}_same_{shared}"
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}, {shared}) REFERENCES {target} (id, {shared})"
        " DEFERRABLE INITIALLY DEFERRED;",
        f"ALTER TABLE {table} DROP CONSTRAINT {name};",
    )


def way_in(name: str, arguments: str, returns: str, body: str) -> migrations.RunSQL:
    """Return the migration step that makes a named way past the policies: a function that runs as the owner.

    Each is small, read-only and gives keys only; what is done with them happens in a company's scope again.
    """
    types = ", ".join(argument.split()[1] for argument in arguments.split(", ") if argument)
    return migrations.RunSQL(
        f"CREATE FUNCTION {name}({arguments}) RETURNS {returns} LANGUAGE sql STABLE SECURITY DEFINER"
        f" SET search_path = public AS $body$ {body} $body$;",
        f"DROP FUNCTION {name}({types});",
    )


def grant_to_application() -> None:
    """Let the application role read and write every table, but own none; run after each migration as the owner."""
    from django.db import connections

    role = settings.DATABASES["default"]["USER"]
    with connections["owner"].cursor() as cursor:
        quoted = connections["owner"].ops.quote_name(role)
        cursor.execute(
            f"GRANT USAGE ON SCHEMA public TO {quoted};"
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {quoted};"
            f"GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {quoted};"
        )
