"""Alerts of generated changes against the oracle: once each, none missed, none too many."""

import pytest

from commands.core.execute import execute
from ledger.errors import Refused
from ledger.store.store import Store
from tests.commands.penalties.undercut_changes import TODAY, Generated, founded
from tests.commands.penalties.undercut_oracle import alerts, lost, nothing, taken_in, undercut

PARTS = 2
ALL, SAMPLE = 5_000, 100
EACH = 25


def log(store, after):
    """Return the events after a position as the oracle takes them."""
    return [(r.position, r.stream, r.event) for page in store.scan(after) for r in page]


def agreed(before, after, events, told):
    """Hold the alerts of one transaction against the oracle; return how many there are."""
    expected = undercut(before, after, TODAY)
    found, times = alerts(events)
    assert found.keys() == expected.keys(), told
    assert set(times.values()) <= {1}, told
    for pupil, (papers, sessions) in expected.items():
        reported, named = found[pupil]
        assert reported == papers, told
        assert sessions <= named <= sessions | lost(before, after, pupil, TODAY), told
    return len(found)


@pytest.mark.parametrize("part", range(PARTS))
def test_alerts_are_those_of_the_oracle(part, tmp_path, pytestconfig):
    """About 100 changes; 5,000 with
    ``pytest tests/commands/test_undercut_oracle.py -n 2 --campaign``.
    """
    wanted = (ALL if pytestconfig.getoption("campaign") else SAMPLE) // PARTS
    done = raised = 0
    seed = part
    while done < wanted:
        school = Generated(seed)
        desk = founded(tmp_path / str(seed), *school.facts())
        store = Store(desk.folder.log)
        before = taken_in(nothing(), log(store, 0))
        for number in range(EACH):
            head, command = store.head(), school.change()
            try:
                execute(desk.context, command)
            except Refused:
                continue
            events = log(store, head)
            after = taken_in(before, events)
            raised += agreed(before, after, events, f"seed {seed}, change {number}: {command!r}")
            done += bool(events)
            before = after
        store.close()
        seed += PARTS
    print(f"{done} changes, {raised} alerts, {seed // PARTS} schools")  # noqa: T201
    assert raised > wanted // 20
