"""What operators see of accounts. Tenant rows are not theirs: no company is in scope here, so there are none."""

from django.contrib import admin
from django.http import HttpRequest

from accounts.models import User


@admin.register(User)
class UserAdmin(admin.ModelAdmin):
    """Find somebody and close or open their account; people and passwords are made and changed by themselves."""

    list_display = ["email", "name", "is_active", "is_staff", "created_at", "last_login"]
    search_fields = ["email", "name"]
    fields = ["email", "name", "is_active", "is_staff", "created_at", "last_login"]
    readonly_fields = ["email", "created_at", "last_login"]
    ordering = ["-created_at"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False
