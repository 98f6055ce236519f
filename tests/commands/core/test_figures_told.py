"""What a command says that it does to the figures, against the rates before it and after it."""

import re
from collections import Counter
from datetime import timedelta

from commands.amending.amend import AmendMarks
from commands.calendar.closures import CancelSessions, WithdrawClosure
from commands.core.execute import execute
from commands.register.take import MarkSession
from commands.roll.correct import MergePupils
from commands.roll.enrol import MovePupil
from ledger.errors import Refused
from ledger.events import streams
from ledger.events.calendar import SessionsClosed
from ledger.store.facts import Fact
from policies.packs.codes import rules
from projections.figures.rates import Rates
from projections.queries.view import open_view
from tests.commands.penalties.undercut_changes import FIRST_DAY, NOW, TODAY, Generated, founded

ALL, SAMPLE = 400, 5
EACH = 14
WHOLE = (AmendMarks, CancelSessions, MergePupils)
"""Commands that tell of every session; others name those that are due now, or were cancelled."""


def moved(said):
    """Return what the lines about figures come to, all together."""
    found = Counter()
    for line in said:
        if line.startswith("the figures"):
            for figure, number in re.findall(r"([a-z ]+?) ([+-]\d+)", line.partition(":")[2]):
                found[figure.strip()] += int(number)
    return {figure: number for figure, number in found.items() if number}


def counted(desk):
    """Return the figures of everybody, from the first day of all."""
    codes, question = rules().codes, Rates(from_=FIRST_DAY, on=TODAY)
    with open_view(desk.folder, question, lambda: NOW + 10**9) as view:
        total = question.answer(view).document["total"] or {}
    names = {"authorised": "authorised absence", "unauthorised": "unauthorised absence",
             "attended": "attended", "missing": "no mark"}  # fmt: skip
    out = (n for code, n in total.get("codes", {}).items() if not codes.rule(code, TODAY).possible)
    return Counter({words: total.get(name, 0) for name, words in names.items()}) + Counter(
        {"not counted": sum(out)}
    )


def difference(before, after):
    """Return by how much each figure moved, those that did."""
    return {f: after[f] - before[f] for f in before | after if after[f] != before[f]}


def changes(school):
    """Yield commands as a school gives them: marks, cancellations and what takes them back."""
    pick = school.random.choice
    for _ in range(EACH):
        s, pupil = pick(school.sessions), pick(["ann", "bob"])
        code = pick(["O", "I", "C", "N", "U"])
        span = {"from_": str(s), "to_": str(school._near(s))}
        groups = pick([(), ("9A",), ("11B",)])
        yield pick([
            AmendMarks(pupil=f"U-{pupil}", code=code, from_code=pick("ONI"), reason="r", **span),
            MarkSession(pupil=f"U-{pupil}", session=s, code=code),
            CancelSessions(sessions=(str(s),), group=groups, reason="flood"),
            CancelSessions(sessions=(str(s.date),), reason="flood"),
            MovePupil(pupil=f"U-{pupil}", kind="registration", to=pick(["9A", "11B"]),
                      from_=s.date - timedelta(days=20), reason="asked"),
        ])  # fmt: skip
        if school.random.random() < 0.3:
            for key, put_back in (((), True), (("9A",), True), (("11B",), False)):
                yield WithdrawClosure(day=s.date, group=key, reason="x", put_back=put_back)
    yield MergePupils(duplicate="U-bob", into="U-ann", reason="twins are two")


def test_the_figures_told_are_those_that_move(tmp_path, pytestconfig):
    """Of 5 generated schools; of 400 with ``--campaign``."""
    told = 0
    for seed in range(ALL if pytestconfig.getoption("campaign") else SAMPLE):
        school = Generated(seed)
        days = school.random.sample([s.date for s in school.sessions], 25)
        closed = [
            Fact(streams.CALENDAR, SessionsClosed(date=day, groups=(group,), reason="INSET"))
            for day in sorted(set(days))
            for group in [school.random.choice(["9A", "11B"])]
        ]
        desk = founded(tmp_path / str(seed), *school.facts(), *closed)
        before = counted(desk)
        for number, command in enumerate(changes(school)):
            try:
                said = execute(desk.context, command).says
            except Refused:
                continue
            after, found = counted(desk), moved(said)
            expected = difference(before, after)
            if not isinstance(command, WHOLE):
                for figure in ("no mark", "not counted"):
                    expected.pop(figure, None)
                    found.pop(figure, None)
            case = f"seed {seed}, change {number}: {command!r}\n" + "\n".join(said)
            assert isinstance(command, MarkSession) or found == expected, case
            before, told = after, told + bool(found)
    assert told > SAMPLE * 3
