"""Any history of a source, however often it is brought: nothing is lost or recorded twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands.exchange.portable import links
from commands.exchange.portable.links import Link
from ledger.events.register import MarkAmended, SessionMarked, SourceRestated
from ledger.state.marks import evolve, fold

CODES = st.sampled_from("ABC")


@st.composite
def statements(draw):
    """Return what a source says of one mark: an entry and changes that follow from it."""
    stands = draw(CODES)
    said = [Link("entry", stands, 2, stated=0)]
    for at in range(1, draw(st.integers(1, 4))):
        code = draw(CODES)
        said.append(Link("amendment", code, at, stated=at, original=stands))
        stands = code
    return said


def bring(history, stated):
    """Record what is new, and return it."""
    new = [links.event(link) for link in links.new_links(stated, fold(history))]
    history += new
    return new


@given(st.lists(statements(), min_size=1, max_size=6))
def test_the_ledger_says_what_the_source_said_last(said):
    """Unless the source only left out what it had said before."""
    history = []
    for stated in said:
        stood = fold(history).code
        expected = stood if says_less(history, stated) else stated[-1].code
        bring(history, stated)
        assert fold(history).code == expected


def says_less(history, stated):
    """The source's own row is as it was last told, and each change of it was told before."""
    rows = [e.code for e in history if isinstance(e, (SessionMarked, SourceRestated))]
    changes = (MarkAmended, SourceRestated)
    told = {(e.original, e.code, e.stated) for e in history if isinstance(e, changes)}
    again = all((link.original, link.code, link.stated) in told for link in stated[1:])
    return bool(rows) and stated[0].code == rows[-1] and again


@pytest.mark.parametrize("code", ["A", "B"])
def test_what_goes_on_from_changes_told_with_other_times_is_new(code):
    """The two that are held are not recorded again, and the one after them is."""
    entry, *changes = (
        Link("entry", "A", 2, stated=0),
        Link("amendment", "B", 3, stated=1, original="A"),
        Link("amendment", "C", 4, stated=2, original="B"),
    )
    history = []
    bring(history, [entry, *changes])
    moved = [change._replace(stated=change.stated + 10) for change in changes]
    after = Link("amendment", code, 5, stated=20, original="C")
    [new] = bring(history, [entry, *moved, after])
    assert (type(new), new.original, new.code, new.stated) == (MarkAmended, "C", code, 20)


def test_an_entry_told_otherwise_is_restated_with_all_that_follows_from_it():
    """Though its last change goes on from what the ledger holds."""
    history = []
    held = Link("amendment", "B", 3, stated=1, original="A")
    bring(history, [Link("entry", "A", 2, stated=0), held])
    changes = [
        Link("amendment", "B", 3, stated=1, original="C"),
        Link("amendment", "D", 4, stated=20, original="B"),
    ]
    new = bring(history, [Link("entry", "C", 2, stated=0), *changes])
    assert [(type(each), each.original, each.code) for each in new] == [
        (SourceRestated, "B", "C"), (MarkAmended, "C", "B"), (MarkAmended, "B", "D"),
    ]  # fmt: skip


@given(st.lists(statements(), min_size=1, max_size=6))
def test_saying_it_again_adds_nothing(said):
    """Whatever was said before."""
    history = []
    for stated in said:
        bring(history, stated)
        assert bring(history, stated) == []


@given(st.lists(statements(), min_size=2, max_size=6), CODES)
def test_what_a_person_here_decided_stands(said, code):
    """The source is heard, and told apart."""
    history = []
    bring(history, said[0])
    original = fold(history).code
    history.append(MarkAmended(original=original, code=code, by="A01"))
    for stated in said[1:]:
        bring(history, stated)
        mark = fold(history)
        assert mark.code == code
        assert bring(history, stated) == []


@given(st.lists(statements(), min_size=1, max_size=4))
def test_every_change_names_what_it_replaces(said):
    """The chain in the log has no gap."""
    history = []
    for stated in said:
        bring(history, stated)
    mark = fold(history[:1])
    for event in history[1:]:
        assert event.original == mark.code
        evolve(mark, event)
