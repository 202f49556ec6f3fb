"""The catch-up finds what nobody told, whatever happens while it reads."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from integrations import actions, following
from integrations.models import CandidateExport
from integrations.pacing import redis_client
from purposejobs.tenancy import company_scope

pytestmark = pytest.mark.django_db


def test_a_change_that_no_webhook_told_is_found(acmes, far):
    exports = [acmes.send() for _ in range(7)]
    far.move(exports[5].external_id, "met")

    acmes.catch_up()

    assert acmes.read(exports[5]).stage_id == "met"
    assert acmes.told_by(exports[5]) == ["catch_up"]
    connection = acmes.read_connection()
    assert connection.catch_up == {}
    assert connection.next_catch_up_at > timezone.now() + timedelta(seconds=200)
    assert far.reads == []


def test_the_next_list_begins_before_this_one_did(acmes, far, settings):
    acmes.send()
    acmes.catch_up()
    known_to = acmes.read_connection().caught_up_to
    asked = []
    listed = far.list_progress
    far.list_progress = lambda client, since, cursor: asked.append(since) or listed(client, since, cursor)

    acmes.catch_up()

    overlap = settings.FOLLOWING["overlap_seconds"] + settings.EXPORTS["clock_margin_seconds"]
    assert asked == [known_to - timedelta(seconds=overlap)]


def test_nobody_sent_means_nothing_asked(acmes, far):
    acmes.catch_up()

    assert far.pages == []
    assert acmes.read_connection().caught_up_at is not None


def test_pages_are_read_once_though_slices_end_in_between(acmes, far, settings):
    for _ in range(7):
        acmes.send()
    acmes.change(next_catch_up_at=timezone.now())
    stops = []

    def end_the_slice():
        # As if the worker had been killed after the page was given, before it was written down.
        stops.append(True)
        raise KeyboardInterrupt

    far.between_pages = [lambda: None, end_the_slice]
    with pytest.raises(KeyboardInterrupt):
        acmes.follow()
    state = acmes.read_connection().catch_up
    assert (state["cursor"], state["pages"]) == ("3", 1)

    acmes.follow()

    assert far.pages == ["", "3", "3", "6", ""]  # the last one: who was deleted
    assert acmes.read_connection().catch_up == {}


def test_a_lost_cursor_begins_the_list_anew(acmes, far):
    exports = [acmes.send() for _ in range(7)]
    far.takes_cursors = False
    acmes.catch_up()
    state = acmes.read_connection()
    assert state.catch_up["cursor"] == ""
    assert state.catch_up["anew"] == 1
    assert state.next_catch_up_at > timezone.now()

    far.takes_cursors = True
    far.move(exports[0].external_id, "met")
    acmes.catch_up()

    assert acmes.read(exports[0]).stage_id == "met"
    assert acmes.read_connection().catch_up == {}
    assert acmes.read_connection().failures_in_a_row == 0


@pytest.mark.parametrize("mood", ["busy", "away", "refused"])
def test_half_a_list_changes_no_watermark(acmes, far, mood):
    for _ in range(7):
        acmes.send()
    before = acmes.read_connection()
    far.between_pages = [lambda: None, lambda: setattr(far, "mood", mood)]
    acmes.change(next_catch_up_at=timezone.now())
    acmes.follow()  # two good pages: the mood changes after the second is given

    stuck = acmes.read_connection()
    assert (stuck.caught_up_to, stuck.caught_up_at) == (before.caught_up_to, before.caught_up_at)
    assert stuck.catch_up["cursor"] == "6"
    assert stuck.next_catch_up_at > timezone.now()

    far.mood = "good"
    acmes.catch_up()

    assert acmes.read_connection().caught_up_to > before.caught_up_to


def test_somebody_deleted_there_is_found(acmes, far):
    export, other = acmes.send(), acmes.send()
    far.delete(export.external_id)

    acmes.catch_up()

    assert acmes.read(export).deleted_there_at is not None
    assert acmes.history(export) == [("deleted", "")]
    assert acmes.read(other).deleted_there_at is None


def test_a_list_that_took_longer_than_its_period_is_followed_by_another_at_once(acmes, far):
    acmes.send()
    acmes.change(next_catch_up_at=timezone.now())
    began = (timezone.now() - timedelta(hours=1)).isoformat()
    far.between_pages = [lambda: None, lambda: None]
    acmes.change(
        catch_up={
            "began_at": began, "since": began, "phase": "changed", "cursor": "", "pages": 0, "tries": 0, "anew": 0,
        }
    )  # fmt: skip

    acmes.follow()

    assert len(far.pages) == 4
    assert acmes.read_connection().caught_up_to > datetime.fromisoformat(began)


def test_whom_nobody_told_of_for_a_day_is_read_again_but_not_who_left_long_ago(acmes, far):
    now = timezone.now()
    long_ago = now - timedelta(days=2)
    quiet, fresh, left = acmes.send(), acmes.send(), acmes.send()
    for row in far.records:
        row.updated_at = long_ago
    acmes.change(caught_up_to=now)
    acmes.change_export(quiet, checked_at=long_ago)
    acmes.change_export(left, checked_at=long_ago, archived_at=now - timedelta(days=40))

    acmes.catch_up()
    assert acmes.read(quiet).read_due_at is not None
    assert acmes.read(fresh).read_due_at is None
    assert acmes.read(left).read_due_at is None
    acmes.change_export(quiet, read_due_at=now)
    acmes.follow()

    assert far.reads == [quiet.external_id]


def test_who_was_just_sent_is_looked_at_for_a_first_time(acmes, far):
    export = acmes.send(checked_at=None, sent_at=timezone.now() - timedelta(seconds=10))

    acmes.follow()

    assert far.reads == [export.external_id]
    row = acmes.read(export)
    assert (row.origin, row.owner_id) == ("sourced", "user-1")
    assert row.checked_at is not None


def test_many_who_were_just_sent_are_looked_at_by_one_list(acmes, far):
    exports = [acmes.send(checked_at=None, sent_at=timezone.now() - timedelta(seconds=10)) for _ in range(25)]
    acmes.change(caught_up_at=timezone.now() - timedelta(minutes=2))

    acmes.follow()

    assert far.reads == []
    assert {acmes.read(export).origin for export in exports} == {"sourced"}


def test_sync_now_asks_for_everything_at_once(acmes, far):
    export = acmes.send()
    far.move(export.external_id, "met")

    with company_scope(acmes.company):
        actions.request_catch_up(connection=acmes.connection)
    acmes.follow()

    assert acmes.read(export).stage_id == "met"


STEP = st.tuples(st.integers(0, 11), st.sampled_from(["new", "talked", "met", "offer"]))


@settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(steps=st.lists(st.one_of(STEP, st.just(None)), max_size=24), size=st.integers(1, 5))
def test_pages_may_shift_while_they_are_read(acmes, far, steps, size):
    """Between any two pages records move, so that some come twice and some not at all; the next list ends right."""
    with company_scope(acmes.company):
        CandidateExport.objects.all().delete()
    far.records.clear()
    exports = [acmes.send() for _ in range(12)]
    far.page_size = size
    far.between_pages = [
        (lambda: None) if step is None else (lambda step=step: far.move(exports[step[0]].external_id, step[1]))
        for step in steps
    ]

    acmes.catch_up()
    far.between_pages = []
    acmes.catch_up()

    assert [acmes.read(export).stage_id for export in exports] == [
        far.record(export.external_id).stage_id for export in exports
    ]
    moves = [len(far.record(export.external_id).moves) for export in exports]
    assert [len(acmes.history(export)) for export in exports] == moves


def test_two_followers_at_once_do_no_harm(acmes, far):
    exports = [acmes.send() for _ in range(7)]
    acmes.change(next_catch_up_at=timezone.now())
    # Another follower reads the same page, and gets on first.
    far.between_pages = [
        lambda: None,
        lambda: acmes.change(catch_up={**acmes.read_connection().catch_up, "cursor": "6", "pages": 2}),
    ]
    far.move(exports[6].external_id, "talked")

    acmes.follow()

    assert acmes.read_connection().catch_up == {}
    assert acmes.read(exports[6]).stage_id == "talked"


def test_no_more_pages_are_read_than_exports_can_spare(acmes, far, settings):
    settings.EXPORTS = settings.EXPORTS | {"rate_per_second": 0.001, "burst": 20}
    settings.FOLLOWING = settings.FOLLOWING | {"slice_seconds": 60}
    for _ in range(60):
        acmes.send()
    acmes.change(next_catch_up_at=timezone.now())
    bucket = f"pace:{acmes.connection.bucket}"
    read = []
    for _ in range(3):
        redis_client().hset(bucket, mapping={"tokens": 16, "at": redis_client().time()[0], "spared_at": 2**40})
        wait = following.follow(acmes.connection.pk)
        read.append(len(far.pages))

    reserve = 20 * settings.FOLLOWING["reserve"]
    assert read == [int(16 - reserve), 2 * int(16 - reserve), 21]
    assert wait is None
    assert acmes.read_connection().catch_up == {}


def test_a_flood_of_deliveries_never_stops_the_catch_up(acmes, far, settings):
    settings.FOLLOWING = settings.FOLLOWING | {"slice_seconds": 0.05}
    exports = [acmes.send() for _ in range(30)]
    acmes.change(next_catch_up_at=timezone.now())
    for _ in range(14):
        for export in exports:
            acmes.deliver(export.external_id)
        redis_client().hset(
            f"pace:{acmes.connection.bucket}", mapping={"tokens": 2, "spared_at": 0, "at": redis_client().time()[0]}
        )
        following.follow(acmes.connection.pk)

    assert len(far.pages) >= 11
    assert len(set(far.reads)) >= 10
