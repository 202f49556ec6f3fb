"""What is in an uploaded file: told by its content, never by its name alone."""

import zipfile
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO

import filetype  # type: ignore[import-untyped]
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.template.defaultfilters import filesizeformat

PDF = "application/pdf"
DOC = "application/msword"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEXT = "text/plain"
ENDINGS = {PDF: "pdf", DOC: "doc", DOCX: "docx", TEXT: "txt"}
ACCEPT = ",".join([f".{ending}" for ending in ENDINGS.values()] + list(ENDINGS))
CHOICES = "PDF, DOC, DOCX or TXT"

# Streams of an OLE file are listed by name in UTF-16: a Word text, and what an encrypted file has in its place.
WORD_STREAM = "WordDocument".encode("utf-16-le")
ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
OLE_SIGNATURE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# Readers accept a PDF whose header does not stand at the very start.
PDF_HEADER_WITHIN = 1024


@dataclass(frozen=True, slots=True)
class ResumeType:
    """What a file is: the name to give it, and its media type."""

    name: str
    content_type: str


def check_resume(upload: UploadedFile) -> ResumeType:
    """Return the name and type of an uploaded résumé; raise ValidationError with what is wrong, in the person's words.

    An empty file never comes here: Django's file field refuses it.
    """
    limit = settings.RESUME_MAX_BYTES
    size = upload.size or 0
    if size > limit:
        raise ValidationError(
            f"This file has {filesizeformat(size)}. A résumé can have up to {filesizeformat(limit)}:"
            " save it with smaller pictures, or as PDF.",
            code="too_large",
        )
    content_type = _recognise(upload)
    stem, ending = _split(upload.name or "")
    if content_type is None or (content_type == TEXT and ending not in ("", "txt", "text")):
        raise _refusal(ending)
    expected = ENDINGS[content_type]
    if ending and ending != expected and not (content_type == TEXT and ending == "text"):
        raise ValidationError(
            f"The name of this file ends in .{ending}, but what is in it is {expected.upper()}."
            f" Give it the ending .{expected}, or save it as {CHOICES}.",
            code="misnamed",
        )
    return ResumeType(f"{stem}.{expected}", content_type)


def decode_text(content: bytes) -> str:
    """Return the text of a TXT résumé, whatever program wrote it."""
    for encoding in ("utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")


def _recognise(upload: UploadedFile) -> str | None:
    upload.seek(0)
    start = upload.read(4096)
    try:
        if b"%PDF-" in start[:PDF_HEADER_WITHIN]:
            return PDF
        if start.startswith(OLE_SIGNATURE):
            return _inside_ole(upload)
        if start.startswith(b"PK"):
            return _inside_zip(upload)
        upload.seek(0)
        if filetype.guess(start) is None and _is_text(upload.read()):
            return TEXT
    finally:
        upload.seek(0)
    return None


def _inside_ole(upload: UploadedFile) -> str | None:
    upload.seek(0)
    content = upload.read()
    if ENCRYPTED_STREAM in content:
        raise ValidationError(
            "This file is protected with a password, so nobody could read it. Save it without one.", code="protected"
        )
    return DOC if WORD_STREAM in content else None


def _inside_zip(upload: UploadedFile) -> str | None:
    # Only the list of names is read: nothing is unpacked, so a zip bomb stays closed.
    archive: IO[bytes] = upload.file  # type: ignore[assignment]
    try:
        names = set(zipfile.ZipFile(archive).namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
    return DOCX if {"[Content_Types].xml", "word/document.xml"} <= names else None


def _is_text(content: bytes) -> bool:
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    # Bytes that no text has in any encoding; tab, line feed, form feed and carriage return are text.
    return bool(content.strip()) and set(content).isdisjoint(set(range(32)) - {9, 10, 12, 13})


def _split(name: str) -> tuple[str, str]:
    """Return a file name's safe stem and its ending in lower case, without the dot."""
    path = PurePath(name.replace("\\", "/").replace("\0", "").rsplit("/", 1)[-1])
    ending = path.suffix.lower().lstrip(".")
    # "Curriculum v2.final" has no ending: those are up to four letters or digits.
    if not ending.isalnum() or len(ending) > 4:
        return "".join(c for c in path.name if c.isprintable())[:150].strip(" .") or "resume", ""
    return "".join(c for c in path.stem if c.isprintable())[:150].strip(" .") or "resume", ending


def _refusal(ending: str) -> ValidationError:
    if ending in ENDINGS.values():
        return ValidationError(
            f"The name of this file ends in .{ending}, but it is not a {ending.upper()} file, or it is damaged."
            f" Open it, save it again as {CHOICES}, and choose the new file.",
            code="misnamed",
        )
    named = f"A .{ending} file" if ending else "A file of this kind"
    return ValidationError(f"{named} cannot be read as a résumé. Choose {CHOICES}.", code="wrong_type")
