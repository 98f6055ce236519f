"""Marks recorded as no longer counting, against a comparison from scratch of before and after."""

from dataclasses import replace

import pytest

from commands.core.execute import execute
from commands.roll.enrol import MovePupil
from ledger.errors import Refused
from ledger.events.register import MarksUncounted
from ledger.events.roll import EnrolmentWithdrawn
from ledger.store.store import Store
from tests.commands.penalties.test_undercut_oracle import log
from tests.commands.penalties.undercut_changes import TODAY, Facts, Generated, founded
from tests.commands.penalties.undercut_oracle import (
    held,
    is_cancelled,
    nothing,
    peak,
    session,
    taken_in,
    uncounted,
)

PARTS = 2
ALL, SAMPLE = 5_000, 120
EACH = 25
TEN = 10


class Moving(Generated):
    """The same school, of which pupils are moved back in time as well, a reason given or not."""

    def change(self):
        """Return the next change."""
        pick = self.random.choice
        if self.random.random() < 0.3:  # before a change is made up, which would be taken for made
            day, to = pick(self.sessions).date, pick(["9A", "11B", "9C"])
            command = MovePupil(pupil=f"U-{pick(['ann', 'bob'])}", kind="cohort", from_=day, to=to)
        else:
            command = super().change()
        if isinstance(command, Facts | MovePupil):
            command = replace(command, reason=pick([None, "asked"]))
        return command


def told(events):
    """Return what the events of a transaction say: sessions, those of age, peaks, by pupil."""
    found = {}
    for _, stream, event in events:
        if isinstance(event, MarksUncounted):
            kind, pupil = stream.split(":")
            assert (kind, pupil in found) == ("uncounted", False)
            sessions, of_age = (
                {(session(s), code) for s, code in map(str.split, each)}
                for each in (event.sessions, event.of_age)
            )
            found[pupil] = sessions, of_age, (event.peak_before, event.peak_after)
    return found


def survivors_of(events):
    """Return which record stays, for each that was withdrawn."""
    return {
        stream.split(":")[1]: event.survivor
        for _, stream, event in events
        if isinstance(event, EnrolmentWithdrawn)
    }


def expected(before, after, events):
    """Return the same from scratch; peaks where the threshold counts one of the marks.

    Marks that gave way to the entry of a cancelled session are among them where a case fell.
    """
    survivors = survivors_of(events)
    found = {}
    stopped = uncounted(before, after, TODAY, survivors)
    for pupil in before["marks"]:
        gone, of_age = stopped.get(pupil, (set(), set()))
        codes = after["marks"][pupil]
        peaks = (
            peak(before, pupil, TODAY), peak(after, survivors.get(pupil, pupil), TODAY)
        )  # fmt: skip
        both = [{(s, codes[s]) for s in each} for each in (gone, of_age)]
        if peaks[1] < TEN <= peaks[0]:
            both[0] |= gave_way(before, after, pupil)
        if any(both):
            found[pupil] = *both, peaks
    return found


def gave_way(before, after, pupil):
    """Return the marks that the entry of a session cancelled since took the place of."""
    return {
        (s, code)
        for s, code in before["marks"][pupil].items()
        if held(before, pupil, s) and is_cancelled(after, pupil, s)
        and code != after["marks"][pupil][s] == "Y4"
    }  # fmt: skip


def falls_told(before, after, events, said, case):
    """Hold whom a change is said to take below the threshold against the fullest windows."""
    survivors = survivors_of(events)
    for pupil in before["marks"]:
        peaks = peak(before, pupil, TODAY), peak(after, survivors.get(pupil, pupil), TODAY)
        text = f" {peaks[0]} -> {peaks[1]} recorded sessions\n    the threshold of 10 was met, and"
        assert (text in said) == (peaks[1] < TEN <= peaks[0]), (pupil, peaks, case, said)


def agreed(before, after, events, case):
    """Hold what one transaction tells against the oracle; return of how many pupils it tells."""
    found, wanted = told(events), expected(before, after, events)
    case = f"{case}: {wanted}"
    assert found.keys() == wanted.keys(), case
    for pupil, (gone, of_age, peaks) in wanted.items():
        assert found[pupil][:2] == (gone, of_age), case
        assert found[pupil][2] in (peaks, (0, 0)), case
        if any(code in "GNOU" for _, code in gone | of_age):
            assert found[pupil][2] == peaks, case
    return len(found)


def recorded(desk, store, command):
    """Carry a command out; without a reason it is refused where marks stop counting, and only so.

    Return what was said, none where it was refused for something else.
    """
    head = store.head()
    try:
        said = execute(desk.context, command).says
    except Refused as refused:
        if refused.code != "marks-uncounted":
            return None
        assert store.head() == head
        said = execute(desk.context, replace(command, reason="asked")).says
    else:
        given = getattr(command, "reason", "a command that always has one") is not None
        assert given or not told(log(store, head))
    return "\n".join(said)


@pytest.mark.parametrize("part", range(PARTS))
def test_marks_that_stop_counting_are_those_of_the_oracle(part, tmp_path, pytestconfig):
    """About 120 changes; 5,000 with ``--campaign``."""
    wanted = (ALL if pytestconfig.getoption("campaign") else SAMPLE) // PARTS
    done = found = 0
    seed = 1000 + part
    while done < wanted:
        school = Moving(seed)
        desk = founded(tmp_path / str(seed), *school.facts())
        store = Store(desk.folder.log)
        before = taken_in(nothing(), log(store, 0))
        for number in range(EACH):
            head, command = store.head(), school.change()
            said = recorded(desk, store, command)
            if said is None:
                continue
            events = log(store, head)
            after = taken_in(before, events)
            case = f"seed {seed}, change {number}: {command!r}"
            found += agreed(before, after, events, case)
            if not any(getattr(event, "original", None) == "?" for _, _, event in events):
                falls_told(before, after, events, said, case)
            done += bool(events)
            before = after
        store.close()
        seed += PARTS
    print(f"{done} changes, {found} times marks stopped counting")  # noqa: T201
    assert found > wanted // 20
