"""`why` over random histories: whatever the two points in time, the causes add up."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from ledger.clock import iso
from ledger.errors import Refused
from projections.figures.persistent import PersistentAbsence
from projections.figures.rates import Rates
from projections.penalties.penalties import Penalties
from projections.why.why import Why
from tests.projections.histories import History, asked, histories, numbers
from tests.projections.ledgers import Book

PAIRS = st.lists(st.tuples(*[numbers] * 12), min_size=3, max_size=6)
POPULATIONS = ({"population": "roll"}, {"population": "dfe"})
REFUSED = {"group-unknown", "pupil-unknown", "dates-reversed", "date-outside-rule"}
SELECTED = ("group", "year", "cohort", "pupil", "current", "membership", "clock", "from_")


def test_causes_add_up_for_any_pair_of_times(pytestconfig):
    """For any two times or dates, effects sum to the difference of what the answers say.

    About 60 pairs; more than 1,000 with ``pytest tests/projections -k any_pair --campaign``.
    """
    campaign = pytestconfig.getoption("campaign")
    done = {"pairs": 0}

    @seed(3)
    @settings(
        max_examples=450 if campaign else 32,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(history=histories(), drawn=PAIRS)
    def check(history, drawn):
        with tempfile.TemporaryDirectory() as folder:
            book = Book(Path(folder) / "ledger")
            history.write(book)
            for n in drawn:
                done["pairs"] += _compare(book, history, n)

    check()
    assert done["pairs"] >= (1000 if campaign else 40)


def _compare(book: Book, history: History, n: tuple[int, ...]) -> int:
    """Compare one pair of times or of dates; return how many pairs were answered."""
    one, two = (asked(history, 1, m) for m in (n[:10], (*n[:2], *n[10:], *n[4:10])))
    shared = {name: getattr(one, name) for name in SELECTED}
    if n[11] % 2:
        pair = {"on": one.on, "known_at": iso(one.known_at), "and_": iso(two.known_at)}
        ends = [{"on": one.on, "known_at": iso(k.known_at)} for k in (one, two)]
    else:
        other = asked(history, 1, (*n[:8], n[11], n[9])).on
        pair = {"on": one.on, "and_": other.isoformat()}
        ends = [{"on": day} for day in (one.on, other)]
    asks = [("rates", Rates, {}), *(("persistent", PersistentAbsence, p) for p in POPULATIONS)]
    answered = 0
    for what, question, asked_for in [*asks, ("penalties", None, {})]:
        answer = _answered(book, Why(what=what, **shared, **pair, **asked_for))
        if isinstance(answer, Refused):
            assert answer.code in REFUSED
            continue
        _adds_up(answer)
        for name, end in zip(("before", "after"), ends, strict=True):
            if question is None:
                total = _threshold(book, shared | end)
            else:
                total = _total(book, question(**shared, **end, **asked_for))
            if total is not None:
                assert answer[name] == {key: total[key] for key in answer[name]}
        answered = 1
    return answered


def _total(book, question):
    found = _answered(book, question)
    return None if isinstance(found, Refused) else found["total"]


def _threshold(book, asked_for):
    """What the answers on penalties come to."""
    counts = {}
    for name, asked_too in (
        ("met", {}),
        ("met_in_latest_window", {"window": "current"}),
        ("relevant_entries", {"at_least": 1}),
    ):
        found = _answered(book, Penalties(**asked_for, **asked_too))
        if isinstance(found, Refused):
            return None
        counts[name] = len(found["rows"])
    counts["relevant_entries"] = sum(row["count"] for row in found["rows"])
    return counts


def _answered(book, question):
    try:
        return book.ask(question).document
    except Refused as refused:
        return refused


def _adds_up(answer):
    for name, value in answer["difference"].items():
        assert value == answer["after"][name] - answer["before"][name]
        assert value == sum(cause["effect"][name] for cause in answer["causes"]), name
    first, last = sorted(answer[end]["position"] for end in ("as_of", "and"))
    for cause in answer["causes"]:
        # Between two times of the ledger's clock, every event was recorded after the first.
        assert first == last or all(first < p <= last for p in cause["events"])
        share = [cause.get(name) for name in ("absent", "possible")]
        assert any(cause["effect"].values()) or any(share) or answer["what"] == "rates"
        assert cause["events"] == sorted(set(cause["events"]))
        assert cause["events"], cause
