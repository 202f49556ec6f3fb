"""What operators see of candidates: enough to find somebody who asks to be erased."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from candidates.actions import erase
from candidates.models import Candidate


@admin.register(Candidate)
class CandidateAdmin(admin.ModelAdmin):
    """Profiles are their people's, and are only read here. Applications are rows of companies, so there are none."""

    list_display = ["email", "name", "is_discoverable", "created_at", "erased_at"]
    search_fields = ["email__iexact"]
    fields = ["email", "name", "is_discoverable", "created_at", "erased_at"]
    readonly_fields = ["email", "name", "is_discoverable", "created_at", "erased_at"]
    ordering = ["-created_at", "-pk"]
    show_full_result_count = False
    actions = ["erase_people"]

    @admin.action(description="Erase everything about the chosen people, for ever")
    def erase_people(self, request: HttpRequest, candidates: QuerySet[Candidate]) -> None:
        """Erase whoever asked for it."""
        for candidate in candidates:
            erase(candidate=candidate)
        messages.success(request, f"Erased: {len(candidates)}.")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Candidate | None = None) -> bool:
        return False
