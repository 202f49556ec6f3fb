"""What was learned is written down once, in the order in which it happened there."""

from datetime import timedelta

import pytest
from django.forms.models import model_to_dict
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations.following.recording import apply, gone
from integrations.models import AccountReason, CandidateExport, StageChange
from integrations.providers import Move, Progress
from purposejobs.tenancy import company_scope
from tests.integrations.following.followed import Followed
from tests.integrations.rows import make_connection, make_export

pytestmark = pytest.mark.django_db

START = timezone.now() - timedelta(days=1)


def at(minutes: int):
    return START + timedelta(minutes=minutes)


def progress(export, minutes: int, *stages: str, **fields) -> Progress:
    """How a record stands after so many minutes, having come through these stages one minute apart."""
    moves = tuple(Move(stage, at(place + 1)) for place, stage in enumerate(stages))
    return Progress(export.external_id, stages[-1] if stages else "new", at(minutes), moves, **fields)


def tell(acmes: Followed, *answers: Progress, read_at=None, told_by: str = "webhook") -> int:
    with company_scope(acmes.company):
        return apply(acmes.connection, answers, told_by, read_at or timezone.now())


def test_every_move_is_kept_once_with_the_name_its_stage_had(acmes):
    export = acmes.send()

    assert tell(acmes, progress(export, 5, "talked", "met")) == 1
    assert tell(acmes, progress(export, 9, "talked", "met", "offer")) == 1

    assert acmes.history(export) == [("moved", "Talked to"), ("moved", "Met"), ("moved", "Offer")]
    row = acmes.read(export)
    assert (row.stage_id, row.stage_changed_at, row.external_updated_at) == ("offer", at(3), at(9))


def test_nothing_changed_writes_nothing_but_that_somebody_looked(acmes):
    export = acmes.send()
    answer = progress(export, 5, "talked", owner_id="user-1", tags=("one",))
    tell(acmes, answer)
    before = acmes.read(export)

    assert tell(acmes, answer) == 0

    after = acmes.read(export)
    assert after.checked_at > before.checked_at
    after.checked_at = before.checked_at
    assert model_to_dict(after) == model_to_dict(before)
    assert len(acmes.history(export)) == 1


@pytest.mark.parametrize(
    ("reason", "kind", "is_hired"), [("unfit", "archived", False), ("hired", "hired", True)], ids=["archived", "hired"]
)
def test_leaving_the_pipeline_is_told_with_its_reason_and_time(acmes, reason, kind, is_hired):
    export = acmes.send()

    tell(acmes, progress(export, 9, "met", archived_at=at(8), archive_reason_id=reason))

    row = acmes.read(export)
    assert (row.archived_at, row.archive_reason_id) == (at(8), reason)
    assert row.hired_at == (at(8) if is_hired else None)
    assert acmes.history(export) == [("moved", "Met"), (kind, acmes.far.reasons[reason][0])]


def test_somebody_taken_up_again_is_in_the_pipeline_again(acmes):
    export = acmes.send()
    tell(acmes, progress(export, 9, "met", archived_at=at(8), archive_reason_id="hired"))

    tell(acmes, progress(export, 12, "met"))

    row = acmes.read(export)
    assert (row.archived_at, row.archive_reason_id, row.hired_at) == (None, "", None)
    assert [kind for kind, _ in acmes.history(export)] == ["moved", "hired", "reopened"]


def test_an_anonymised_person_is_marked_once(acmes):
    export = acmes.send()

    tell(acmes, progress(export, 5, "met", is_anonymised=True))
    tell(acmes, progress(export, 7, "met", is_anonymised=True))

    assert acmes.read(export).anonymised_there_at == at(5)
    assert [kind for kind, _ in acmes.history(export)] == ["moved", "anonymised"]


def test_somebody_deleted_there_is_marked_once_and_not_sent_again(acmes):
    export = acmes.send()
    noticed = timezone.now()

    with company_scope(acmes.company):
        assert gone(acmes.connection, [export.external_id], "catch_up", noticed) == 1
        assert gone(acmes.connection, [export.external_id], "catch_up", timezone.now()) == 0

    row = acmes.read(export)
    assert (row.state, row.deleted_there_at) == ("sent", noticed)
    assert acmes.history(export) == [("deleted", "")]


def test_a_late_word_of_somebody_deleted_brings_nobody_back(acmes):
    export = acmes.send()
    with company_scope(acmes.company):
        gone(acmes.connection, [export.external_id], "webhook", timezone.now())

    assert tell(acmes, progress(export, 9, "met")) == 0

    assert acmes.read(export).deleted_there_at is not None


def test_whoever_was_seen_since_is_not_gone(acmes):
    export = acmes.send()
    asked = timezone.now()
    tell(acmes, progress(export, 5, "met"))

    with company_scope(acmes.company):
        assert gone(acmes.connection, [export.external_id], "webhook", asked) == 0

    assert acmes.read(export).deleted_there_at is None


def test_an_ats_that_tells_no_moves_still_has_a_history(acmes):
    export = acmes.send()

    tell(acmes, Progress(export.external_id, "new", at(1)))
    tell(acmes, Progress(export.external_id, "talked", at(5)))
    tell(acmes, Progress(export.external_id, "talked", at(6)))

    assert acmes.history(export) == [("moved", "Talked to")]
    assert acmes.read(export).stage_changed_at == at(5)


def test_an_older_answer_of_the_same_page_is_passed_over(acmes):
    export = acmes.send()

    tell(acmes, progress(export, 9, "talked", "met"), progress(export, 5, "talked"))

    assert acmes.read(export).stage_id == "met"


def test_what_was_heard_of_before_its_name_is_named_later(acmes):
    export, other = acmes.send(), acmes.send()
    with company_scope(acmes.company):
        AccountReason.objects.all().delete()
    tell(acmes, progress(export, 9, "brand-new", archived_at=at(8), archive_reason_id="hired"))
    tell(acmes, progress(other, 9, "met", archived_at=at(8), archive_reason_id="unfit"))
    assert acmes.history(export) == [("moved", ""), ("archived", "")]
    acmes.far.stages["brand-new"] = "Brand new"

    acmes.refresh_account()

    assert acmes.history(export) == [("moved", "Brand new"), ("hired", "Hired")]
    assert acmes.history(other) == [("moved", "Met"), ("archived", "Not a fit")]
    assert acmes.read(export).hired_at == at(8)
    assert acmes.read(other).hired_at is None


def test_another_reason_for_the_same_leaving_is_still_one_leaving(acmes):
    export = acmes.send()
    tell(acmes, progress(export, 9, "met", archived_at=at(8), archive_reason_id="unfit"))

    tell(acmes, progress(export, 11, "met", archived_at=at(8), archive_reason_id="hired"))

    assert acmes.history(export) == [("moved", "Met"), ("hired", "Hired")]
    assert acmes.read(export).hired_at == at(8)


def test_a_company_never_learns_of_anothers_people_though_their_ids_are_the_same(acmes, globex):
    ours = acmes.send("record-x")
    connection = make_connection(globex)
    theirs = make_export(connection, state="sent", external_id="record-x", checked_at=timezone.now())

    tell(acmes, progress(ours, 5, "met"))
    with company_scope(acmes.company):
        gone(acmes.connection, ["record-x"], "webhook", timezone.now())

    with company_scope(globex):
        row = CandidateExport.objects.get(pk=theirs.pk)
        assert (row.stage_id, row.deleted_there_at, row.checked_at) == ("lead-new", None, theirs.checked_at)
        assert not StageChange.objects.exists()


LIFE = [
    ("talked",),
    ("talked", "met"),
    ("talked", "met", "talked"),
    ("talked", "met", "talked", "offer"),
    ("talked", "met", "talked", "offer", "new"),
]


@settings(max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(order=st.permutations([0, 1, 2, 3, 4, 4, 2]), size=st.integers(1, 4))
def test_however_answers_are_shuffled_and_doubled_the_end_is_right(acmes, order, size):
    export = acmes.send()
    answers = [progress(export, 10 + place, *LIFE[place]) for place in order]

    for begins in range(0, len(answers), size):
        tell(acmes, *answers[begins : begins + size])

    assert acmes.read(export).stage_id == "new"
    assert [name for _, name in acmes.history(export)] == ["Talked to", "Met", "Talked to", "Offer", "New"]
