import django.contrib.postgres.indexes
from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations, models

FOLD = """
CREATE FUNCTION candidates_fold(value text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
AS $$ SELECT lower(public.unaccent('public.unaccent'::regdictionary, value)) $$;

CREATE FUNCTION candidates_search_text(
    name text, headline text, location text, target_location text DEFAULT '', skills text[] DEFAULT '{}'
) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT public.candidates_fold(
    name || ' ' || headline || ' ' || location || ' ' || target_location || ' |' || array_to_string(skills, '|') || '|'
) $$;
"""
UNFOLD = """
DROP FUNCTION candidates_search_text(text, text, text, text, text[]);
DROP FUNCTION candidates_fold(text);
"""


class Migration(migrations.Migration):
    dependencies = [("candidates", "0002_policies")]

    operations = [
        TrigramExtension(),
        UnaccentExtension(),
        # PostgreSQL calls unaccent() and array_to_string() only "stable"; with their dictionary and separator named
        # they are immutable, which a stored column needs.
        migrations.RunSQL(FOLD, UNFOLD),
        migrations.AddField(
            model_name="candidate",
            name="search_text",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(
                    "name", "headline", "location", "target_location", "skills", function="candidates_search_text"
                ),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddField(
            model_name="application",
            name="search_text",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func("name", "headline", "location", function="candidates_search_text"),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddIndex(
            model_name="candidate",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.indexes.OpClass("search_text", name="gin_trgm_ops"), name="candidates_search"
            ),
        ),
        migrations.AddIndex(
            model_name="candidate",
            index=models.Index(
                condition=models.Q(("erased_at", None), ("is_discoverable", True)),
                fields=["-created_at", "-id"],
                name="candidates_discoverable",
            ),
        ),
    ]
