"""Connecting: one form, one key."""

from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render

from accounts.access import company_admin
from integrations import wording
from integrations.actions import Refused, open_connection
from integrations.providers import Tokens
from tests.harbor import provider


class KeyForm(forms.Form):
    key = forms.RegexField(
        r"^harbor-[a-z0-9-]{8,60}$",
        label="API key",
        help_text="From Harbor's settings, under API keys.",
        error_messages={"invalid": "A key of Harbor begins with “harbor-”. Copy the whole of it."},
    )


@company_admin
def start(request, *, company):
    """Take an API key; whether it is good shows when the postings are listed."""
    form = KeyForm(request.POST or None)
    if form.is_valid():
        tokens = Tokens(access_token=form.cleaned_data["key"], refresh_token="", expires_in=None)
        try:
            open_connection(company=company, provider="harbor", tokens=tokens, connected_by=request.user)
        except Refused as refusal:
            form.add_error(None, wording.describe_refusal(refusal.code, provider.LABEL, refusal.parameters).reason)
        else:
            messages.success(request, f"Harbor is connected to {company.name}.")
            return redirect("integration_list", company.slug)
    return render(request, "harbor/start.html", {"form": form})
