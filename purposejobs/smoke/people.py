"""The applicants of the smoke run, and what they send."""

import hashlib
import secrets
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Applicant:
    name: str
    phone: str = ""
    links: tuple[str, ...] = ()
    note: str = ""
    resume: bytes = field(default_factory=lambda: small_pdf())

    @property
    def email(self) -> str:
        return f"{self.name.lower().replace(' ', '.')}@applicants.example"

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.resume).hexdigest()


def small_pdf() -> bytes:
    """Return a PDF of one empty page that no other run has sent."""
    page = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\n"
    )
    return page + b"%" + secrets.token_hex(4000).encode() + b"\ntrailer<</Root 1 0 R>>\n%%EOF\n"
