"""What decisions look at."""

from contextlib import closing

from commands.execute import look
from ledger.keys import BEYOND_USE, KeyRing


def test_a_pupil_beyond_use_has_no_name(desk):
    """Nothing is left to show of whoever's keys were destroyed."""
    pupil = desk.id("P1")
    assert look(desk.context, lambda s: s.name_of(s.school.pupils[pupil])) == "Ada Quill"
    with closing(KeyRing(desk.folder.keys)) as ring:
        ring.destroy(pupil, at=desk.now)
    assert look(desk.context, lambda s: s.name_of(s.school.pupils[pupil])) == BEYOND_USE
