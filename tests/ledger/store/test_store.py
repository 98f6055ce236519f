"""The log: all or nothing, dense positions, headers that count, time that never goes back."""

import json
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from freezegun import freeze_time

from commands.core.execute import execute
from commands.school.staff import AddStaff
from ledger import clock
from ledger.errors import Conflict, Refused
from ledger.events import streams
from ledger.events.log import Committed
from ledger.events.register import MarkAmended
from ledger.sealing.boxes import Where
from ledger.store import store
from ledger.store.facts import Fact
from ledger.store.store import Store
from tests.ledger.refusals import refused_with
from tests.ledger.sealing.rings import named_in

_FULL = 2


def never() -> None:
    raise RuntimeError


def test_header_comes_before_its_facts_and_counts_them(ledger_log, new_mark):
    ledger_log.append(new_mark("a"), new_mark("b"))
    ledger_log.append(new_mark("c"))
    events = [r.event for r in ledger_log.recorded()]
    assert [type(event) is Committed for event in events] == [True, False, False, True, False]
    assert [event.count for event in events if type(event) is Committed] == [2, 1]


@pytest.mark.parametrize(
    ("pragma", "set_to"),
    [("synchronous", _FULL), ("recursive_triggers", 1), ("wal_autocheckpoint", 10_000)],
)
def test_what_is_recorded_has_reached_the_disk(ledger_log, pragma, set_to):
    """Whatever the database library of a computer does when nobody tells it."""
    with ledger_log.store._recorder.datastore.transaction(commit=False) as db:
        assert db.execute(f"PRAGMA {pragma}").fetchone()[0] == set_to


def test_every_stored_event_has_a_nonce_of_its_own(ledger_log, new_mark, db):
    """Equal facts are different leaves."""
    ledger_log.append(*(new_mark(f"p{n}") for n in range(20)))
    with closing(sqlite3.connect(db)) as log:
        states = log.execute("SELECT state FROM stored_events").fetchall()
    nonces = {json.loads(state)["nonce"] for (state,) in states}
    assert len(nonces) == 21
    assert {len(nonce) for nonce in nonces} == {22}


def test_append_returns_the_header_as_recorded(ledger_log, new_mark):
    """The header that comes back says when it was recorded and how many facts it has."""
    position, stream, version, header = ledger_log.append(new_mark())
    assert (position, stream, version) == (1, streams.COMMITS, 0)
    assert (header.at, header.count, header.raw_at) == (ledger_log.clock.reading, 1, None)


def test_a_stream_is_read_in_order_of_its_versions(ledger_log, new_mark):
    """Versions count from 0 within a stream, and continue where it stands."""
    stream = new_mark().stream
    ledger_log.append(new_mark(), Fact(stream, MarkAmended(original="/", code="N")))
    ledger_log.append(Fact(stream, MarkAmended(original="N", code="L")))
    assert [event.code for event in ledger_log.store.stream(stream)] == ["/", "N", "L"]
    assert [r.version for r in ledger_log.recorded() if r.stream == stream] == [0, 1, 2]


def test_an_event_is_found_by_its_position(ledger_log, new_mark):
    ledger_log.append(new_mark())
    header, mark = ledger_log.recorded()
    assert [ledger_log.store.at(n) for n in range(-1, 4)] == [None, None, header, mark, None]


def test_a_header_is_found_by_any_position_of_its_transaction(ledger_log, new_mark):
    """The newest up to it; before the first there is none."""
    assert ledger_log.store.header_of(1) is None
    ledger_log.append(new_mark("a"), new_mark("b"))
    ledger_log.append(new_mark("c"))
    found = [ledger_log.store.header_of(position) for position in range(6)]
    assert [header and header.position for header in found] == [None, 1, 1, 1, 4, 4]


def test_a_second_entry_for_a_session_is_a_conflict(ledger_log, new_mark):
    """The key of the stream is the check: nothing needs to be read before a first mark."""
    ledger_log.append(new_mark())
    before = ledger_log.recorded()
    with pytest.raises(Conflict):
        ledger_log.append(new_mark("other"), new_mark())
    assert ledger_log.recorded() == before


def test_positions_stay_dense_after_refused_transactions(ledger_log, new_mark):
    """A number that was not used is used next: 1, 2, 3 and never a gap."""
    ledger_log.append(new_mark())
    with pytest.raises(Conflict):
        ledger_log.append(new_mark("x"), new_mark())
    with pytest.raises(RuntimeError):
        ledger_log.append(new_mark("y"), before_commit=never)
    with pytest.raises(AssertionError):
        ledger_log.append(new_mark("z"), count=2)
    ledger_log.append(new_mark("q"))
    assert ledger_log.positions() == [1, 2, 3, 4]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_wrong_count_of_facts_rolls_everything_back(ledger_log, new_mark, count):
    """A header never lies about its facts."""
    with pytest.raises(AssertionError, match=f"counts {count} facts"):
        ledger_log.append(new_mark("a"), new_mark("b"), count=count)
    assert ledger_log.store.head() == 0


def test_a_failing_fact_rolls_everything_back(ledger_log, new_mark):
    """Facts are made on the way; when one cannot be made, none was recorded."""

    def facts():
        yield new_mark("a")
        raise Refused("test", "half-way")

    batch = store.Batch(ledger_log.append(new_mark()).event, facts(), 2, ledger_log.store.head())
    with pytest.raises(Refused, match="half-way"):
        ledger_log.store.append(batch, clock=ledger_log.clock, before_commit=never)
    assert ledger_log.store.head() == 2


def test_nothing_is_kept_when_the_keys_cannot_be(ledger_log, ring, new_mark):
    """Failing between facts and commit leaves neither keys nor identities nor events."""
    with ring.writing():
        sealed = ring.seal("a comment", "p", "register-2026", Where("comment", "mark:p"))
        ring.add_identity("L1", "local_id", "p")
        with pytest.raises(RuntimeError):
            ledger_log.append(new_mark(comment=sealed), before_commit=never)
    assert ledger_log.store.head() == 0
    assert named_in(ring) == {}
    assert ring.open(sealed) == "[beyond use]"


def test_time_never_goes_back_when_the_clock_does(ledger_log, new_mark):
    """The recorded time stays; what the clock said is kept beside it."""
    first = ledger_log.append(new_mark("a")).event
    ledger_log.clock.reading -= 90 * clock.SECOND
    second = ledger_log.append(new_mark("b")).event
    assert (second.at, second.raw_at) == (first.at, ledger_log.clock.reading)
    ledger_log.clock.reading = first.at + 1
    third = ledger_log.append(new_mark("c")).event
    assert (third.at, third.raw_at) == (first.at + 1, None)


def test_the_same_microsecond_twice_is_no_flag(ledger_log, new_mark):
    """Only an earlier reading is kept apart."""
    first, second = (ledger_log.append(new_mark(pupil)).event for pupil in "ab")
    assert first.at == second.at
    assert [r.event.raw_at for r in ledger_log.recorded() if r.stream == streams.COMMITS] == [
        None,
        None,
    ]


def test_a_frozen_clock_is_the_recorded_time(context):
    """Freezing time works end to end, so that tests and demonstrations can set the day."""
    then = clock.local(clock.now()).replace(microsecond=500_000) + timedelta(days=30)
    with freeze_time(then):
        header = execute(context, AddStaff(staff_id="S2", name="B", job_title="C")).header
    assert header.at == clock.to_instant(then)


def test_the_whole_log_is_scanned_in_pages(ledger_log, new_mark):
    """More events than a page holds come in order, from any position."""
    ledger_log.append(*(new_mark(f"p{n}") for n in range(store._PAGE + 5)))
    pages = list(ledger_log.store.scan(0))
    assert [len(page) for page in pages] == [store._PAGE, 6]
    assert ledger_log.positions() == list(range(1, store._PAGE + 7))
    assert [r.position for r in next(ledger_log.store.scan(store._PAGE + 4))] == [
        store._PAGE + 5,
        store._PAGE + 6,
    ]
    assert not list(ledger_log.store.scan(store._PAGE + 6))


def test_what_came_after_a_position_is_read_up_to_another(ledger_log, new_mark):
    """Of the streams that are asked for; nothing from beyond, and nothing where there is none."""
    for name in ("a", "b", "c", "d"):
        ledger_log.append(new_mark(name))

    def read(after, upto):
        found = ledger_log.store.since(after, (streams.MARK,), upto=upto)
        return [(r.position, r.stream.split(":")[1]) for r in found]

    assert read(2, 6) == [(4, "b"), (6, "c")]
    assert read(2, 5) == [(4, "b")]
    assert read(4, 8) == [(6, "c"), (8, "d")]
    assert read(8, 8) == read(6, 2) == []


def test_streams_are_read_by_prefix_up_to_a_position(ledger_log, new_mark):
    """A decision sees what stood at one position, whatever is added meanwhile."""
    ledger_log.append(new_mark("b"), new_mark("a"))
    ledger_log.append(new_mark("c"))
    read = ledger_log.store.read([streams.MARK], upto=3)
    assert [r.stream.split(":")[1] for r in read] == ["b", "a"]
    assert not list(ledger_log.store.read(["pupil:"], upto=9))


def test_a_range_of_streams_leaves_out_its_end(ledger_log, new_mark):
    ledger_log.append(*(new_mark("p", f"2026-11-{day}/AM") for day in (18, 19, 20)))
    found = ledger_log.store.read_range("mark:p:2026-11-18", "mark:p:2026-11-20/AM", upto=99)
    assert [r.stream[-13:] for r in found] == ["2026-11-18/AM", "2026-11-19/AM"]


GUARDS = [
    ("another range", ("mark:q:", "mark:q:~"), False),
    ("a range before all others", ("a", "mark:p:~"), True),
    ("two ranges, of which the wider holds it", ("mark:p:", "mark:q:"), True),
    ("a range where such an event matters", ("mark:", "mark:~", lambda e: e.code == "/"), True),
    ("a range where others matter", ("mark:", "mark:~", lambda e: e.code == "N"), False),
    ("a range that holds it", ("mark:p:2026-11-20", "mark:p:2026-11-21"), True),
    ("a range that begins with it", ("mark:p:2026-11-20/AM", "mark:p:2026-11-20/AM\0"), True),
    ("a range that ends before it", ("mark:p:2026-11-19", "mark:p:2026-11-20/AM"), False),
]


@pytest.mark.parametrize(("what", "relied_on", "overtaken"), GUARDS, ids=[g[0] for g in GUARDS])
def test_a_decision_stands_only_while_what_it_read_does(
    ledger_log, new_mark, what, relied_on, overtaken
):
    """An event in a range of streams that a decision read, after it was read, is a conflict."""
    ledger_log.append(new_mark("before"))
    read_at = ledger_log.store.head()
    ledger_log.append(new_mark("p"))
    others = [("calendar", "calendar\0"), ("mark:o:", "mark:p:"), ("mark:z:", "mark:z:~")]
    ranges = [store.Relied(*each) for each in (*others, relied_on)]
    again = {"read_at": read_at, "relied_on": ranges}
    if overtaken:
        with pytest.raises(Conflict):
            ledger_log.append(new_mark("new"), **again)
    else:
        ledger_log.append(new_mark("new"), **again)
    assert ledger_log.store.head() == (4 if overtaken else 6), what


def test_what_was_recorded_before_the_reading_is_no_conflict(ledger_log, new_mark):
    ledger_log.append(new_mark("p"))
    ledger_log.append(new_mark("new"), relied_on=(store.Relied("mark:p:", "mark:q:"),))
    assert ledger_log.store.head() == 4


@pytest.mark.parametrize(("layout", "code"), [(99, "ledger-newer"), (1, "ledger-older")])
def test_a_ledger_of_another_layout_is_refused(db, layout, code):
    """A later version's is left alone; one from before the transparency log has no tree."""
    Store.create(db).close()
    with closing(sqlite3.connect(db)) as other:
        other.execute(f"PRAGMA user_version = {layout}")
    with refused_with(code, match=f"layout {layout}"):
        Store(db)


def test_making_a_log_again_keeps_what_is_in_it(db, new_mark, ledger_log):
    ledger_log.append(new_mark())
    with closing(Store.create(db)) as again:
        assert again.head() == 2


def test_ledger_ids_are_128_random_bits():
    """Thirty-two hexadecimal digits, never the same twice."""
    made = {store.new_ledger_id() for _ in range(50)}
    assert len(made) == 50
    assert all(len(made_id) == 32 and int(made_id, 16) >= 0 for made_id in made)


def test_a_log_that_something_else_wrote_to_is_not_gone_on_with(ledger_log, new_mark, db):
    """Its tree would leave out what is there already."""
    ledger_log.append(new_mark())
    with closing(sqlite3.connect(db)) as foreign:
        foreign.execute("INSERT INTO stored_events VALUES(3, 'x', 0, 'n', x'7b7d')")
        foreign.commit()
    with refused_with("tree-behind"):
        ledger_log.append(new_mark("q"))
