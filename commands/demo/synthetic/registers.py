"""A school year's registers: planned rows with their past, by registration group."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from commands.demo.synthetic.clerk import Clerk
from commands.demo.synthetic.diary import Diary
from commands.demo.synthetic.entries import Entries
from commands.demo.synthetic.plan import plan
from commands.demo.synthetic.pupils import REGISTRATION, Pupil
from commands.demo.synthetic.roll import on_roll
from commands.demo.synthetic.rows import Row, row
from commands.demo.synthetic.settings import Setting
from commands.demo.synthetic.terms import SchoolYear


@dataclass(frozen=True, slots=True)
class Place:
    """A pupil in a registration group, from one session number up to another, excluded."""

    first: int
    after: int
    row: Row
    entries: Entries


@dataclass(frozen=True)
class Registers:
    """All registers of one school year."""

    diary: Diary
    rows: Sequence[tuple[Row, Entries]]
    groups: dict[str, list[Place]]

    def places(self) -> Iterator[tuple[str, Place]]:
        """Yield every place with the name of its group."""
        for group, places in self.groups.items():
            for place in places:
                yield group, place


def registers(setting: Setting, year: SchoolYear, pupils: Sequence[Pupil]) -> Registers:
    """Plan a whole school year: what finally stands and how it came about."""
    diary = Diary(year, setting.random(f"diary/{year.number}"))
    everyone = [found for pupil in on_roll(pupils, year) if (found := row(pupil, diary))]
    done: list[tuple[Row, Entries]] = []
    for profile in setting.school["profiles"]:
        rows = [r for r in everyone if setting.profile(r.group) == profile]
        plan(rows, diary, profile, setting.random(f"plan/{profile}/{year.number}"))
        clerk = Clerk(diary, profile, setting.random(f"clerk/{profile}/{year.number}"))
        done += [(r, clerk.entries(r)) for r in rows]
    return Registers(diary, done, _groups(diary, done))


def _groups(diary: Diary, rows: Sequence[tuple[Row, Entries]]) -> dict[str, list[Place]]:
    groups: dict[str, list[Place]] = {}
    for planned, entries in sorted(rows, key=lambda r: r[0].pupil.register_order):
        for group in planned.pupil.memberships:
            if group.kind == REGISTRATION:
                span = diary.numbers(group.first, group.last or diary.year.last)
                place = Place(span.start, span.stop, planned, entries)
                groups.setdefault(group.name, []).append(place)
    return groups
