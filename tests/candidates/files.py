"""Files that applicants might choose."""

import io
import zipfile

from django.core.files.uploadedfile import SimpleUploadedFile

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
DOC = OLE + "WordDocument".encode("utf-16-le") + bytes(600)
XLS = OLE + "Workbook".encode("utf-16-le") + bytes(600)
PROTECTED = OLE + "EncryptedPackage".encode("utf-16-le") + bytes(600)
TEXT = "Kim Park\nCommunity organizer\nZürich\n".encode()
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def zipped(*names: str) -> bytes:
    """Make a zip with these files in it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, "<xml/>")
    return content.getvalue()


DOCX = zipped("[Content_Types].xml", "_rels/.rels", "word/document.xml")
ZIP = zipped("holiday.jpg")


def upload(name: str = "kim-park.pdf", content: bytes = PDF, content_type: str = "") -> SimpleUploadedFile:
    # What the browser says of the type is never believed.
    return SimpleUploadedFile(name, content, content_type or "application/octet-stream")
