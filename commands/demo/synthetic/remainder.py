"""What is left of each pupil's absence: illness in spells, and absence without a good reason."""

from collections.abc import Sequence
from random import Random

from commands.demo.synthetic.diary import Diary
from commands.demo.synthetic.letters import letters, shares
from commands.demo.synthetic.rows import IN_SCHOOL, Row, absence_of
from commands.demo.synthetic.settings import table

_TRIES = 40
_MOST = 0.95  # no pupil's absence is all without a good reason
_HALVINGS = 40


def give_out_remainder(rows: Sequence[Row], diary: Diary, profile: str, random: Random) -> None:
    """Fill up every row's absence with illness and unauthorised absence.

    Unauthorised absence takes a share that grows with a pupil's absence; the scale of that
    growth is found by halving, so that the published share comes out over all pupils.
    """
    known = letters()
    wanted = [_whole(row.left, random) for row in rows]
    parts = _unauthorised_parts(rows, wanted, profile)
    for row, count, part in zip(rows, wanted, parts, strict=True):
        unauthorised = min(count, _whole(count * part, random))
        filler = _Filler(row, diary, random, absence_of(row.pupil.rank, profile))
        filler.fill(known.unauthorised, unauthorised, "unauthorised")
        filler.fill(known.illness, count - unauthorised, "illness")


def _whole(number: float, random: Random) -> int:
    """Round up or down by chance, so that sums stay right."""
    return int(max(number, 0.0) + random.random())


def _unauthorised_parts(rows: Sequence[Row], wanted: Sequence[int], profile: str) -> list[float]:
    absent = shares(profile).absent
    known = letters()
    # An entry without a reason yet mostly becomes unauthorised: both shares are one here.
    unauthorised = absent[known.unauthorised] + absent[known.unknown]
    target = sum(wanted) * unauthorised / (unauthorised + absent[known.illness])
    lean = table("habits")["unauthorised"]["lean"]
    growth = [float(absence_of(row.pupil.rank, profile) ** lean) for row in rows]
    low, high = 0.0, 1.0 / min(growth, default=1.0)
    for _ in range(_HALVINGS):
        scale = (low + high) / 2
        found = sum(n * min(_MOST, scale * g) for n, g in zip(wanted, growth, strict=True))
        low, high = (scale, high) if found < target else (low, scale)
    return [min(_MOST, high * g) for g in growth]


class _Filler:
    """Puts spells of one pupil's absence on free sessions."""

    def __init__(self, row: Row, diary: Diary, random: Random, absence: float) -> None:
        self._row = row
        self._diary = diary
        self._random = random
        self._absence = absence

    def fill(self, code: str, count: int, habit_name: str) -> None:
        """Place ``count`` sessions of a code in spells, as ``[illness]`` and the like say."""
        habit = table("habits")[habit_name]
        mean = habit["mean_sessions"] + habit["longer_with_absence"] * self._absence
        odds = self._diary.winter if "winter" in habit else self._diary.anytime
        for _ in range(_TRIES + count):
            if count <= 0:
                return
            length = min(count, 1 + int(self._random.expovariate(1 / mean)))
            start = self._diary.draw(odds, self._row.within, self._random)
            if length > 1:
                start = self._diary.morning_of(start)
            count -= self._row.fill(range(start, start + length), code)
        free = [n for n in self._row.within if self._row.cells[n] == IN_SCHOOL]
        self._row.fill(self._random.sample(free, min(count, len(free))), code)
