"""A résumé as it is handed out."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import reverse

from purposejobs.tenancy import company_scope
from tests.candidates import files


@pytest.fixture
def give(make, job):
    """Let Kim apply with a file."""

    def give(name="Kim Párk.pdf", content=files.PDF, content_type="application/pdf", candidate=None, to=job):
        application = make.make_application(to, candidate or make.make_candidate("Kim Park"))
        with company_scope(to.company):
            application.resume.save(name, ContentFile(content), save=False)
            application.resume_name, application.resume_type = name, content_type
            application.save()
        return application

    return give


@pytest.fixture
def bobs(client, bob):
    client.force_login(bob)
    return client


def address(application, query=""):
    return reverse("candidate_resume", args=["acme", application.candidate_id]) + query


def test_a_pdf_is_shown_inside_the_page_and_kept_nowhere(bobs, give):
    response = bobs.get(address(give()))
    assert b"".join(response.streaming_content) == files.PDF
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == "inline; filename*=utf-8''Kim%20P%C3%A1rk.pdf"
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    assert "private" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("name", "content_type", "query"),
    [
        pytest.param("cv.docx", "application/msword", "", id="a Word file"),
        pytest.param("cv.html", "text/html", "", id="a type that we never store"),
        pytest.param("cv.pdf", "application/pdf", "?download", id="a PDF when asked"),
    ],
)
def test_what_a_browser_cannot_show_is_downloaded(bobs, give, name, content_type, query):
    response = bobs.get(address(give(name, content_type=content_type), query))
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert response["Content-Type"] != "text/html"


def test_a_name_cannot_break_out_of_the_header(bobs, give):
    response = bobs.get(address(give('a".pdf\r\nX-Evil: 1')))
    assert "X-Evil" not in response
    assert "\n" not in response["Content-Disposition"]


def test_the_page_shows_a_pdf_in_a_frame_and_a_text_as_text(bobs, give):
    pdf, text = give(), give("cv.txt", files.TEXT, "text/plain")
    page = bobs.get(reverse("candidate_detail", args=["acme", pdf.candidate_id])).content.decode()
    assert f'<iframe class="document" src="{address(pdf)}' in page
    page = bobs.get(reverse("candidate_detail", args=["acme", text.candidate_id])).content.decode()
    assert "Zürich" in page


def test_a_lost_file_is_not_found_and_the_page_says_so(bobs, give):
    application = give("cv.txt", files.TEXT, "text/plain")
    default_storage.delete(application.resume.name)
    assert bobs.get(address(application)).status_code == 404
    page = bobs.get(reverse("candidate_detail", args=["acme", application.candidate_id])).content.decode()
    assert "file cannot be found" in page


def test_the_resume_of_an_earlier_application_can_be_asked_for(bobs, give, make, acme):
    first = give("first.pdf")
    give("second.pdf", candidate=first.candidate, to=make.make_job(acme, "Grant Writer"))
    assert "second.pdf" in bobs.get(address(first))["Content-Disposition"]
    assert "first.pdf" in bobs.get(address(first, f"?application={first.pk}"))["Content-Disposition"]


def test_the_application_to_another_company_is_not_handed_out(bobs, give, make, globex):
    ours = give()
    theirs = give("theirs.pdf", candidate=ours.candidate, to=make.make_job(globex))
    assert bobs.get(address(ours, f"?application={theirs.pk}")).status_code == 404


def test_the_profiles_resume_stays_closed_until_the_address_is_confirmed(bobs, make, job):
    candidate = make.make_candidate("Kim Park", resume="resumes/private.pdf", resume_type="application/pdf")
    application = make.make_application(job, candidate, resume="", resume_name="")
    assert bobs.get(address(application)).status_code == 404
