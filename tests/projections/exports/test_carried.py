"""Every kind of event that a ledger can hold is carried by an export, or said to be left out."""

from ledger.events.registry import EVENTS
from ledger.formats.portable import FILES, SCHOOL
from projections.exports.carried import FATES, LeftOut


def test_every_kind_of_event_has_its_fate():
    """A new event is no part of an export until somebody has said so."""
    assert set(FATES) == {kind.__name__ for kind in EVENTS.values()}


def test_what_is_carried_names_a_file_of_the_folder():
    """And what is left out says why."""
    for kind, fate in FATES.items():
        if isinstance(fate, LeftOut):
            assert fate.why, kind
        else:
            assert fate.file in (SCHOOL, *FILES), kind
