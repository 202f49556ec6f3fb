"""Which call is answered by which handler, and the scope it needs. What real Lever does not offer is not here."""

from collections.abc import Callable
from dataclasses import dataclass

from lever_emulator import applying, attachments, listing, opportunities, postings, reference, tokens
from lever_emulator.calls import Answer, Call

Handler = Callable[[Call], Answer]


@dataclass(slots=True, frozen=True)
class Route:
    """One call: its method, its path and the scope (resource, act) it needs; None for the OAuth endpoints."""

    method: str
    template: str
    scope: tuple[str, str] | None
    handler: Handler


def _api(line: str, scope: str, handler: Handler) -> Route:
    method, path = line.split()
    resource, act = scope.split(":")
    return Route(method, f"/v1{path}", (resource, act), handler)


ONE = "/opportunities/{opportunity}"

ROUTES = (
    Route("POST", "/oauth/token", None, tokens.token_endpoint),
    Route("POST", "/oauth/revoke", None, tokens.revoke_endpoint),
    _api("GET /opportunities", "opportunities:read", listing.list_opportunities),
    _api("POST /opportunities", "opportunities:write", opportunities.create_opportunity),
    _api("GET /opportunities/deleted", "opportunities:read", listing.list_deleted),
    _api(f"GET {ONE}", "opportunities:read", opportunities.read_opportunity),
    _api(f"PUT {ONE}/stage", "opportunities:write", opportunities.change_stage),
    _api(f"PUT {ONE}/archived", "opportunities:write", opportunities.change_archived),
    _api(f"POST {ONE}/addTags", "opportunities:write", opportunities.add_tags),
    _api(f"POST {ONE}/removeTags", "opportunities:write", opportunities.remove_tags),
    _api(f"POST {ONE}/addLinks", "opportunities:write", opportunities.add_links),
    _api(f"POST {ONE}/removeLinks", "opportunities:write", opportunities.remove_links),
    _api(f"POST {ONE}/addSources", "opportunities:write", opportunities.add_sources),
    _api(f"POST {ONE}/removeSources", "opportunities:write", opportunities.remove_sources),
    _api(f"GET {ONE}/applications", "applications:read", opportunities.list_applications),
    _api(f"GET {ONE}/applications/{{application}}", "applications:read", opportunities.read_application),
    _api(f"GET {ONE}/notes", "notes:read", attachments.list_notes),
    _api(f"POST {ONE}/notes", "notes:write", attachments.create_note),
    _api(f"GET {ONE}/notes/{{note}}", "notes:read", attachments.read_note),
    _api(f"PUT {ONE}/notes/{{note}}", "notes:write", attachments.update_note),
    _api(f"DELETE {ONE}/notes/{{note}}", "notes:write", attachments.delete_note),
    _api(f"GET {ONE}/files", "files:read", attachments.list_files),
    _api(f"POST {ONE}/files", "files:write", attachments.upload_file),
    _api(f"GET {ONE}/files/{{file}}", "files:read", attachments.read_file),
    _api(f"DELETE {ONE}/files/{{file}}", "files:write", attachments.delete_file),
    _api(f"GET {ONE}/files/{{file}}/download", "files:read", attachments.download_file),
    _api(f"GET {ONE}/resumes", "resumes:read", attachments.list_resumes),
    _api(f"GET {ONE}/resumes/{{resume}}", "resumes:read", attachments.read_resume),
    _api(f"GET {ONE}/resumes/{{resume}}/download", "resumes:read", attachments.download_resume),
    _api("GET /contacts/{contact}", "contact:read", reference.read_contact),
    _api("PUT /contacts/{contact}", "contact:write", reference.update_contact),
    _api("GET /postings", "postings:read", postings.list_postings),
    _api("POST /postings", "postings:write", postings.create_posting),
    _api("GET /postings/deleted", "postings:read", postings.list_deleted),
    _api("GET /postings/{posting}", "postings:read", postings.read_posting),
    _api("POST /postings/{posting}", "postings:write", postings.update_posting),
    _api("GET /postings/{posting}/apply", "postings:read", applying.read_form),
    _api("POST /postings/{posting}/apply", "postings:write", applying.apply),
    _api("POST /uploads", "uploads:write", applying.upload),
    _api("GET /applications/deleted", "applications:read", listing.list_deleted_applications),
    _api("GET /stages", "stages:read", reference.list_stages),
    _api("GET /stages/{stage}", "stages:read", reference.read_stage),
    _api("GET /disposition_stages", "stages:read", reference.disposition_stages),
    _api("GET /archive_reasons", "archive_reasons:read", reference.list_archive_reasons),
    _api("GET /archive_reasons/{reason}", "archive_reasons:read", reference.read_archive_reason),
    _api("GET /tags", "tags:read", reference.list_tags),
    _api("GET /sources", "sources:read", reference.list_sources),
    _api("GET /users", "users:read", reference.list_users),
    _api("POST /users", "users:write", reference.create_user),
    _api("GET /users/{user}", "users:read", reference.read_user),
    _api("POST /users/{user}/deactivate", "users:write", reference.deactivate_user),
    _api("POST /users/{user}/reactivate", "users:write", reference.reactivate_user),
    _api("GET /webhooks", "webhooks:read", reference.list_webhooks),
    _api("POST /webhooks", "webhooks:write", reference.create_webhook),
    _api("PUT /webhooks", "webhooks:write", reference.update_webhooks),
    _api("DELETE /webhooks/{webhook}", "webhooks:write", reference.delete_webhook),
)

_BY_SHAPE: dict[tuple[str, int], list[tuple[list[str], Route]]] = {}
for _route in ROUTES:
    _parts = _route.template.split("/")
    _BY_SHAPE.setdefault((_route.method, len(_parts)), []).append((_parts, _route))


def find_route(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the route of a path and its parameters. A word in the table wins over a parameter, being first."""
    parts = path.split("/")
    for template, route in _BY_SHAPE.get((method, len(parts)), ()):
        params = {}
        for wanted, part in zip(template, parts, strict=True):
            if wanted[:1] == "{":
                params[wanted[1:-1]] = part
            elif wanted != part:
                break
        else:
            return route, params
    return None
