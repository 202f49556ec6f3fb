"""Imported jobs follow their postings until somebody edits them here; then both sides can be compared."""

import pytest
from django.urls import reverse

from accounts.models import Notification
from integrations import actions, queries
from integrations.models import Posting, PostingLink
from jobs.models import Job
from purposejobs.tenancy import company_scope
from tests.integrations.rows import make_connection, make_link, make_posting

pytestmark = pytest.mark.django_db

OLD = {"team": "Platform", "location": "Berlin", "salary": "€60,000", "description": "Keep it running."}


@pytest.fixture
def far(acme):
    return make_connection(acme)


@pytest.fixture
def posting(far):
    return make_posting(far, "Backend Engineer", digest="first", **OLD)


@pytest.fixture
def imported(acme, bob, posting):
    """A job that follows its posting."""
    with company_scope(acme):
        (job,) = actions.import_postings(company=acme, posting_pks=[posting.pk], imported_by=bob, keeps_in_step=True)
    return job


@pytest.fixture
def signed_in(client, bob):
    client.force_login(bob)
    return client


def change(posting, **fields):
    """Let the posting change in the ATS, and read a good list."""
    with company_scope(posting.company):
        Posting.objects.filter(pk=posting.pk).update(**{"digest": str(fields)[:64]} | fields)
        return actions.keep_in_step(connection=posting.connection)


def edit(job, **fields):
    with company_scope(job.company):
        Job.objects.filter(pk=job.pk).update(**fields)


def now(job):
    with company_scope(job.company):
        return Job.objects.get(pk=job.pk)


def link_of(job):
    with company_scope(job.company):
        return PostingLink.objects.get(job=job)


def differences(job, *, news=False):
    with company_scope(job.company):
        text = queries.posting_text(now(job))
        return [difference.field for difference in (text.news if news else text.differences)]


def diff_page(job):
    return reverse("job_posting_diff", args=["acme", job.pk])


def test_a_job_follows_its_posting(imported, posting):
    assert change(posting, title="Senior Backend Engineer", salary="€70,000") == 1

    assert (now(imported).title, now(imported).salary, now(imported).team) == (
        "Senior Backend Engineer",
        "€70,000",
        "Platform",
    )
    assert differences(imported) == []


def test_a_list_without_news_writes_nothing(imported, posting):
    before = now(imported).updated_at

    assert change(posting) == 0

    assert now(imported).updated_at == before


def test_a_field_that_was_edited_here_is_left_and_the_others_follow(imported, posting):
    edit(imported, title="Our own title")

    change(posting, title="Senior Backend Engineer", team="Core")

    assert (now(imported).title, now(imported).team) == ("Our own title", "Core")
    assert differences(imported, news=True) == ["title"]


def test_a_field_edited_back_follows_again(imported, posting):
    edit(imported, title="Our own title")
    change(posting, title="Senior Backend Engineer")
    edit(imported, title="Backend Engineer")

    change(posting, title="Principal Backend Engineer")

    assert now(imported).title == "Principal Backend Engineer"


def test_saving_the_form_unchanged_is_no_edit(signed_in, imported, posting):
    edit(imported, description="One.\n\nTwo.")
    with company_scope(imported.company):
        PostingLink.objects.update(imported_fields={**link_of(imported).imported_fields, "description": "One.\n\nTwo."})
    page = signed_in.get(reverse("job_edit", args=["acme", imported.pk]))
    typed = {name: page.context["form"][name].value() or "" for name in page.context["form"].fields}
    # A browser sends its own line endings.
    typed["description"] = typed["description"].replace("\n", "\r\n")
    signed_in.post(page.request["PATH_INFO"], typed)

    change(posting, description="Three.")

    assert now(imported).description == "Three."


def test_what_the_posting_changed_while_the_form_was_open_is_not_put_back(signed_in, imported, posting):
    page = signed_in.get(reverse("job_edit", args=["acme", imported.pk])).context["form"]
    names = ["title", "team", "location", "workplace", "commitment", "salary", "description"]
    shown = {name: page[name].value() or "" for name in names}
    change(posting, salary="€70,000")

    signed_in.post(
        reverse("job_edit", args=["acme", imported.pk]),
        shown
        | {f"initial-{name}": value for name, value in shown.items()}
        | {"team": "Ours"}
        | {"posting": posting.pk, "initial-posting": posting.pk},
    )

    assert (now(imported).team, now(imported).salary) == ("Ours", "€70,000")


def test_a_job_that_does_not_follow_only_says_that_the_posting_changed(signed_in, acme, bob, posting):
    with company_scope(acme):
        (job,) = actions.import_postings(company=acme, posting_pks=[posting.pk], imported_by=bob)

    assert change(posting, salary="€70,000") == 0

    assert now(job).salary == "€60,000"
    text = signed_in.get(reverse("job_edit", args=["acme", job.pk])).content.decode()
    assert "The posting has changed in Lever:" in text
    assert diff_page(job) in text


def test_a_job_connected_by_hand_is_never_written_into(far, posting):
    link = make_link(posting)

    change(posting, title="Senior Backend Engineer")

    assert now(link.job).title == "Backend Engineer"


@pytest.mark.parametrize("status", ["open", "closed"])
def test_a_confidential_text_never_walks_into_what_everybody_could_read(imported, posting, status):
    edit(imported, status=status)

    change(posting, is_confidential=True, description="Secret plans.")

    assert now(imported).description == "Keep it running."


def test_a_draft_follows_a_confidential_posting(imported, posting):
    change(posting, is_confidential=True, description="Secret plans.")

    assert now(imported).description == "Secret plans."


def test_a_job_moved_to_another_posting_keeps_its_text(imported, bob, far, acme):
    other = make_posting(far, "Data Scientist", description="Count things.")
    with company_scope(acme):
        actions.link_job(company=acme, job=imported, posting_pk=other.pk, linked_by=bob)

    change(other, description="Count other things.")

    assert now(imported).description == "Keep it running."
    assert (link_of(imported).keeps_in_step, link_of(imported).imported_at) == (False, None)


def test_people_are_told_once_of_what_was_left(imported, posting, acme):
    edit(imported, title="Our own title")

    change(posting, title="Senior Backend Engineer")
    with company_scope(acme):
        told = Notification.objects.filter(kind="job_differs").count()
        Notification.objects.all().delete()
        actions.keep_in_step(connection=posting.connection)
        again = Notification.objects.filter(kind="job_differs").count()

    assert (told > 0, again) == (True, 0)


def test_the_page_shows_both_sides_and_takes_over_one_field(signed_in, imported, posting):
    edit(imported, title="Our own title", salary="A lot")
    change(posting, title="Senior Backend Engineer")

    page = signed_in.get(diff_page(imported)).content.decode()
    signed_in.post(diff_page(imported), {"take_over": "title"})

    assert "Our own title" in page
    assert "Senior Backend Engineer" in page
    assert "Edited here" in page
    assert (now(imported).title, now(imported).salary) == ("Senior Backend Engineer", "A lot")
    change(posting, title="Principal Backend Engineer")
    assert now(imported).title == "Principal Backend Engineer"


def test_everything_is_taken_over_at_once(signed_in, imported, posting):
    edit(imported, title="Our own title", salary="A lot", description="Ours.")

    signed_in.post(diff_page(imported), {"take_over": "all"})

    assert differences(imported) == []
    assert "Both say the same" in signed_in.get(diff_page(imported)).content.decode()


def test_keeping_ours_is_quiet_until_the_posting_changes_again(signed_in, imported, posting):
    edit(imported, title="Our own title")
    change(posting, title="Senior Backend Engineer")

    signed_in.post(diff_page(imported), {"keep_ours": "title"})

    assert (differences(imported), differences(imported, news=True)) == (["title"], [])
    assert now(imported).title == "Our own title"
    change(posting, title="Principal Backend Engineer")
    assert (now(imported).title, differences(imported, news=True)) == ("Our own title", ["title"])


def test_following_is_stopped_and_begun_anew(signed_in, imported, posting):
    signed_in.post(diff_page(imported), {"step": "off"})
    change(posting, salary="€70,000")
    assert now(imported).salary == "€60,000"

    signed_in.post(diff_page(imported), {"step": "on"})

    assert (now(imported).salary, link_of(imported).keeps_in_step) == ("€70,000", True)


def test_a_job_connected_by_hand_follows_from_where_it_is(signed_in, acme, posting):
    job = make_link(posting).job
    edit(job, team="Platform", location="Elsewhere")

    signed_in.post(diff_page(job), {"step": "on"})
    change(posting, team="Core", location="Munich")

    assert (now(job).team, now(job).location) == ("Core", "Elsewhere")


@pytest.mark.parametrize(
    "form", [{"take_over": "company"}, {"take_over": ""}, {}], ids=["no field", "empty", "nothing"]
)
def test_asking_for_nonsense_changes_nothing(signed_in, imported, posting, form):
    edit(imported, title="Our own title")

    assert signed_in.post(diff_page(imported), form).status_code == 302
    assert now(imported).title == "Our own title"


def test_a_job_without_a_posting_has_nothing_to_compare(signed_in, acme, bob, make):
    job = make.make_job(acme)

    assert "This job has no posting" in signed_in.get(diff_page(job)).content.decode()
    assert signed_in.post(diff_page(job), {"take_over": "all"}).status_code == 200
