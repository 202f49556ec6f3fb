"""A text column that is encrypted at rest."""

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class Undecryptable(Exception):
    """A stored value fits none of the keys; a key is missing from FIELD_ENCRYPTION_KEYS."""


@lru_cache
def cipher(keys: tuple[str, ...]) -> MultiFernet:
    """Return the cipher of a key list: the first encrypts, all decrypt."""
    return MultiFernet([Fernet(key) for key in keys])


class EncryptedTextField(models.TextField):
    """Text encrypted with `settings.FIELD_ENCRYPTION_KEYS`; an empty text stays empty. It cannot be searched."""

    def get_prep_value(self, value: Any) -> Any:
        if not value:
            return value
        return cipher(tuple(settings.FIELD_ENCRYPTION_KEYS)).encrypt(str(value).encode()).decode()

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        if not value:
            return value
        try:
            return cipher(tuple(settings.FIELD_ENCRYPTION_KEYS)).decrypt(value.encode()).decode()
        except InvalidToken:
            column = f"{self.model.__name__}.{self.name}"
            raise Undecryptable(f"{column} was encrypted with a key that is not listed") from None
