"""`changes` against a plain list of what was recorded, on random histories and filters."""

import random
from datetime import date, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

import pytest

from ledger.events.register import MarkAmended, MarkCorrected, SourceRestated
from projections.audit.gaps import Gaps
from projections.history.changes import Changes
from projections.history.history import History
from projections.register.registers import Registers
from projections.roll.admission import Admission
from tests.projections.ledgers import instant, marked, on_mark, weekdays

LONDON = ZoneInfo("Europe/London")
NOW = instant(2025, 12, 20)
MEETS = [*weekdays(date(2025, 9, 3), date(2025, 10, 24)),
         *weekdays(date(2025, 11, 3), date(2025, 12, 19))]  # fmt: skip
DAYS = (date(2025, 9, 8), date(2025, 10, 23), date(2025, 11, 3))
CODES = ("N", "O", "I", "L", "/")
WORDS = {"present": {"L", "/"}, "absent": {"N", "O", "I"}}


def london(at):
    """The London date of an instant."""
    return datetime.fromtimestamp(at / 1_000_000, LONDON).date()


def lag(day, at):
    """School days after the session's day, counted one by one."""
    return sum(day < each <= london(at) for each in MEETS)


def filled(book, chance):
    """Write a random history; return what was written, one dict a change after the taking."""
    told = []
    at = instant(2025, 11, 3, 9)
    with book.writing():
        for pupil in ("ann", "bob", "cy"):
            for day in DAYS:
                session, code = f"{day}/AM", chance.choice(CODES)
                late = chance.random() < 0.3
                at += chance.randrange(1, 12 * 3600) * 1_000_000
                book.commit(at, marked(pupil, session, code, late=late, by="s1"))
                if late:
                    told.append(("late_entry", pupil, session, None, code, "s1", at, at, False))
                for _ in range(chance.randrange(4)):
                    at += chance.randrange(1, 60 * 3600) * 1_000_000
                    new = chance.choice([c for c in CODES if c != code])
                    told.append(change(book, chance, (pupil, session, code, new), at))
                    code = new
    return [t for t in told if t[0] != "taking"]


def change(book, chance, what, at):
    """Write one change; return kind, pupil, session, from, to, by, when, recorded, told."""
    pupil, session, old, new = what
    kind = chance.choice(("amendment", "restated", "taking"))
    by, stated = chance.choice(("s1", "s2")), None
    if kind == "amendment":
        event = MarkAmended(original=old, code=new, reason="r", by=by, name="N", job_title="T")
    elif kind == "taking":
        event = MarkCorrected(original=old, code=new, by=by)
    else:
        stated = chance.choice((None, at - chance.randrange(1, 72 * 3600) * 1_000_000))
        event = SourceRestated(original=old, code=new, by=by, stated=stated, row=2)
    book.commit(at, on_mark(pupil, session, event), imported=kind == "restated")
    return (kind, pupil, session, old, new, by, at, at, kind == "restated")


def wanted(told, asked):
    """The changes that answer the question, judged one by one."""
    found = []
    for t in told:
        kind, _, session, old, new, by, when, _, imported = t
        day = date.fromisoformat(session[:10])
        behind = None if when is None else lag(day, when)
        on = None if when is None else london(when)
        checks = {
            "from_code": lambda v, old=old: any(old in WORDS.get(c, {c}) for c in v),
            "to_code": lambda v, new=new: any(new in WORDS.get(c, {c}) for c in v),
            "by_staff": lambda v, by=by: by == v,
            "lag_over": lambda v, behind=behind: behind is not None and behind > v,
            "lag_under": lambda v, behind=behind: behind is not None and behind < v,
            "changed_from": lambda v, on=on: on is not None and on >= v,
            "changed_to": lambda v, on=on: on is not None and on <= v,
            "kind": lambda v, kind=kind: kind in v,
            "stated": lambda v, imported=imported: imported or not v,
            "recorded_here": lambda v, imported=imported: not (imported and v),
            "from_": lambda v, day=day: day >= v,
        }
        if all(checks[name](value) for name, value in asked.items()):
            found.append(t)
    return found


def question(chance):
    """A random question: each filter is given one time in four."""
    ask = {
        "from_code": lambda: tuple(chance.sample((*CODES, "absent", "present"), 2)),
        "to_code": lambda: (chance.choice((*CODES, "present")),),
        "by_staff": lambda: chance.choice(("s1", "s2")),
        "lag_over": lambda: chance.choice((0, 4, 5, 6, 30)),
        "lag_under": lambda: chance.choice((1, 6, 40)),
        "changed_from": lambda: date(2025, 11, 3) + timedelta(chance.randrange(30)),
        "kind": lambda: tuple(chance.sample(("amendment", "late_entry", "restated"), 2)),
        "stated": lambda: True,
        "from_": lambda: chance.choice(DAYS),
    }
    asked = {name: make() for name, make in ask.items() if chance.random() < 0.25}
    if asked.get("lag_under", 99) <= asked.get("lag_over", -2) + 1:
        del asked["lag_under"]
    return asked


@pytest.mark.parametrize("seed", range(3))
def test_filters_and_counts_agree_with_a_plain_list(school, seed):
    """The same changes, and the same counts by kind and pair, for forty random questions."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    told = filled(school, chance)
    for _ in range(40):
        asked = question(chance)
        expected = wanted(told, asked)
        shared = {"on": date(2025, 12, 19)} | asked
        rows = school.ask(Changes(**shared), now=NOW).rows()
        shown = [
            (r["kind"], r["upn"][2:], r["session"], r["replaced"] or "", r["code"]) for r in rows
        ]
        assert sorted(shown) == sorted((*t[:3], t[3] or "", t[4]) for t in expected)
        answer = school.ask(Changes(**shared, summary=True), now=NOW)
        pairs = {(r["kind"], r["from"], r["to"]): r for r in answer.rows()}
        for (kind, was, became), row in pairs.items():
            mine = [t for t in expected if (t[0], t[3], t[4]) == (kind, was, became)]
            lags = [lag(date.fromisoformat(t[2][:10]), t[6]) for t in mine if t[6] is not None]
            too_late = sum(n > 5 for n in lags) if was == "N" != became else 0
            assert (row["count"], row["late"]) == (len(mine), too_late)
            assert row["median_lag"] == (f"{median(lags):g}" if lags else None)
            assert row["people"] == len({t[5] for t in mine})
        assert answer.document["total"]["count"] == sum(r["count"] for r in pairs.values())


@pytest.mark.parametrize("clock", ["ledger", "source"])
def test_the_same_provenance_gives_the_same_answer_however_much_comes_later(school, clock):
    """With on, from, position and known-at given, later events change nothing."""
    school.add(instant(2025, 9, 8, 8), marked("ann", "2025-09-09/AM", "N", by="s1"))
    position = school.folder.head()
    at = {"on": date(2025, 9, 30), "from_": date(2025, 9, 3), "position": position,
          "known_at": "2025-10-01", "clock": clock}  # fmt: skip
    asked = (
        Changes(**at),
        Changes(**at, summary=True),
        History(who="U-ann", **at),
        History(who="U-ann", session="2025-09-09/AM", **at),
        Admission(**at),
        Registers(**at),
        Gaps(**at),
    )
    before = [school.ask(each, now=NOW).document for each in asked]
    filled(school, random.Random(1))  # noqa: S311 - no secret
    assert [school.ask(each, now=NOW).document for each in asked] == before
