"""Forms about people and companies."""

from django import forms


class SignupForm(forms.Form):
    """What somebody tells us when they sign up, beside e-mail and password."""

    name = forms.CharField(max_length=150, label="Your name")
    company_name = forms.CharField(max_length=120, label="Company")

    def signup(self, request: object, user: object) -> None:
        """Be called by allauth with the new user."""
