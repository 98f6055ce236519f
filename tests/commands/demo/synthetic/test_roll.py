"""Who is on roll when: nobody leaves before coming, whatever is asked for."""

from datetime import date
from itertools import pairwise

import pytest

from commands.demo.synthetic.roll import enrol
from commands.demo.synthetic.settings import Setting
from commands.demo.synthetic.terms import school_years

UNTIL = date(2026, 7, 17)


@pytest.mark.parametrize("years", [1, 2, 6])
@pytest.mark.parametrize(
    ("phase", "pupils"),
    [
        ("secondary", 1000),
        ("secondary", 300),
        ("all-through", 60),
        ("special", 300),
        ("primary", 60),
    ],
)
def test_nobody_leaves_before_coming(phase, pupils, years):
    for seed in range(1, 6 if pupils < 1000 else 3):
        setting = Setting(phase, pupils, seed, UNTIL, years)
        for pupil in enrol(setting, school_years(setting)):
            spells = pupil.spells
            ended = [s for s in spells if s.leaves_on is not None]
            assert all(s.starts_on < s.leaves_on for s in ended), (seed, pupil.upn, spells)
            for one, following in pairwise(spells):
                assert one.leaves_on is not None
                assert one.leaves_on < following.starts_on, (seed, pupil.upn, spells)
