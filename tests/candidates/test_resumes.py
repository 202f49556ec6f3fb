"""What is in an uploaded file."""

import pytest
from django.core import mail
from django.core.exceptions import ValidationError

from candidates.models import Application, Candidate
from candidates.resumes import check_resume, decode_text
from purposejobs.tenancy import company_scope
from tests.candidates import files

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


@pytest.mark.parametrize(
    ("name", "content", "stored_name", "content_type"),
    [
        pytest.param("cv.pdf", files.PDF, "cv.pdf", "application/pdf", id="a PDF"),
        pytest.param("CV.PDF", files.PDF, "CV.pdf", "application/pdf", id="a PDF in capitals"),
        pytest.param("cv.pdf", b"\n\n" + files.PDF, "cv.pdf", "application/pdf", id="a PDF with a late header"),
        pytest.param("cv", files.PDF, "cv.pdf", "application/pdf", id="a PDF without an ending"),
        pytest.param("Kim Park v2.final", files.PDF, "Kim Park v2.final.pdf", "application/pdf", id="no real ending"),
        pytest.param("cv.docx", files.DOCX, "cv.docx", DOCX, id="a DOCX"),
        pytest.param("cv.doc", files.DOC, "cv.doc", "application/msword", id="a DOC"),
        pytest.param("cv.txt", files.TEXT, "cv.txt", "text/plain", id="a text"),
        pytest.param("cv.txt", "Zürich".encode("utf-16"), "cv.txt", "text/plain", id="a text in UTF-16"),
        pytest.param("..\\..\\c\x01v.pdf", files.PDF, "cv.pdf", "application/pdf", id="a name with a path"),
    ],
)
def test_a_resume_is_known_by_its_content(name, content, stored_name, content_type):
    found = check_resume(files.upload(name, content, "text/html"))
    assert (found.name, found.content_type) == (stored_name, content_type)


BAD_FILES = [
    pytest.param("cv.pdf", files.ZIP, "ends in .pdf, but it is not a PDF file", id="a zip named .pdf"),
    pytest.param("cv.pdf", files.DOCX, "ends in .pdf, but what is in it is DOCX", id="a DOCX named .pdf"),
    pytest.param("cv.pdf", files.PNG, "ends in .pdf, but it is not a PDF file", id="a picture named .pdf"),
    pytest.param("cv.docx", files.ZIP, "ends in .docx, but it is not a DOCX file", id="a zip named .docx"),
    pytest.param("cv.docx", files.DOCX[:200], "or it is damaged", id="half a DOCX"),
    pytest.param("cv.doc", files.XLS, "ends in .doc, but it is not a DOC file", id="a spreadsheet named .doc"),
    pytest.param("cv.doc", files.PROTECTED, "protected with a password", id="a file with a password"),
    pytest.param("cv.png", files.PNG, "A .png file cannot be read as a résumé", id="a picture"),
    pytest.param("cv.rtf", rb"{\rtf1 Kim}", "A .rtf file cannot be read as a résumé", id="a rich text"),
    pytest.param("cv.zip", files.ZIP, "A .zip file cannot be read as a résumé", id="a zip"),
    pytest.param("cv.txt", b"\x00\x01\x02", "ends in .txt, but it is not a TXT file", id="bytes named .txt"),
    pytest.param("cv.exe", b"MZ\x90\x00" + bytes(80), "A .exe file cannot be read as a résumé", id="a program"),
]


@pytest.mark.parametrize(("name", "content", "message"), BAD_FILES)
def test_a_wrong_file_is_refused_with_the_reason(name, content, message):
    with pytest.raises(ValidationError, match=message.replace(".", r"\.")):
        check_resume(files.upload(name, content))


@pytest.mark.parametrize(
    ("resume", "message"),
    [
        pytest.param(files.upload("cv.pdf", files.ZIP), "is not a PDF file", id="a zip named .pdf"),
        pytest.param(files.upload("cv.pdf", b""), "This file is empty.", id="empty"),
        pytest.param(files.upload("cv.png", files.PNG), "Choose PDF, DOC, DOCX or TXT.", id="a picture"),
        pytest.param(files.upload("cv.pdf", files.PDF + bytes(2000)), "A résumé can have up to 1.0", id="too large"),
        pytest.param(None, "Choose your résumé.", id="none"),
    ],
)
def test_a_wrong_file_stores_and_sends_nothing_and_keeps_what_was_typed(send, acme, settings, resume, message):
    settings.RESUME_MAX_BYTES = 1024
    response = send(resume=resume)
    page = response.content.decode()
    assert response.status_code == 200
    assert message in page.replace("\xa0", " ")
    assert 'value="Kim Park"' in page
    assert "I live around the corner." in page
    with company_scope(acme):
        assert not Application.objects.exists()
    assert not Candidate.objects.exists()
    assert mail.outbox == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_text_is_read_whatever_wrote_it(encoding):
    assert decode_text("Zürich — Kim".encode(encoding)) == "Zürich — Kim"
