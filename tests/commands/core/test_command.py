"""What decisions look at."""

from contextlib import closing

import pytest

from commands.core import checks
from commands.core.execute import look
from ledger.sealing.keys import BEYOND_USE, KeyRing
from tests.commands.conftest import refusal


def test_a_pupil_beyond_use_has_no_name(desk):
    """Nothing is left to show of whoever's keys were destroyed."""
    pupil = desk.id("P1")
    assert look(desk.context, lambda s: s.name_of(s.school.pupils[pupil])) == "Ada Quill"
    with closing(KeyRing(desk.folder.keys)) as ring:
        ring.destroy(pupil, at=desk.now)
    assert look(desk.context, lambda s: s.name_of(s.school.pupils[pupil])) == BEYOND_USE


@pytest.mark.parametrize("text", ["", " ", "\u200b", "\n\t", "\u202e \u00a0"])
def test_a_text_that_nobody_can_see_is_blank(text):
    """A reason of zero-width spaces is none (SI 2024/208 reg 6(1)(c))."""
    assert refusal(checks.required_text, text, "reason").code == "reason-missing"
    assert checks.required_text(f" {text}x ", "reason")
