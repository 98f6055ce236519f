"""Which sessions a paper relied on, and what it is called."""

from datetime import date

from ledger.values import parse_session
from policies.law.papers import consideration, extract, extract_words, notice, notice_words

FIRST, LAST, GIVEN = date(2026, 9, 7), date(2026, 9, 25), date(2026, 11, 2)


def session(text):
    """Return a session of September 2026, ``14/AM``."""
    return parse_session(f"2026-09-{text}")


def test_a_notice_relied_on_the_sessions_that_it_states():
    """On no other day of its offence; its days are those of the sessions."""
    paper = notice([session("15/PM"), session("14/AM")], FIRST, LAST)
    assert paper.relied_on(session("14/AM"))
    assert not paper.relied_on(session("14/PM"))
    assert (paper.first, paper.last) == (date(2026, 9, 14), date(2026, 9, 15))


def test_a_notice_without_sessions_relied_on_the_days_of_its_offence():
    """The first and the last among them."""
    paper = notice([], FIRST, LAST)
    assert paper.relied_on(session("07/AM"))
    assert paper.relied_on(session("25/PM"))
    assert not paper.relied_on(session("28/AM"))


def test_a_notice_that_states_neither_is_known_to_have_relied_on_nothing():
    """So no change can touch it."""
    assert notice([], None, LAST) is None


def test_a_decision_relied_on_the_entries_that_it_counted():
    paper = consideration(["2026-09-14/AM O", "2026-09-18/PM U"])
    assert paper.relied_on(session("18/PM"))
    assert not paper.relied_on(session("15/AM"))
    assert (paper.first, paper.last) == (date(2026, 9, 14), date(2026, 9, 18))


def test_a_decision_without_entries_relied_on_nothing():
    """Discretion is not bound to the threshold."""
    assert consideration([]) is None


def test_a_certificate_holds_nothing_after_it_was_given():
    paper = extract(FIRST, LAST, date(2026, 9, 14))
    assert paper.relied_on(session("14/PM"))
    assert not paper.relied_on(session("15/AM"))


def test_a_paper_is_named_by_its_days():
    assert notice_words("F1", GIVEN) == "penalty notice to parent F1 issued 2 November 2026"
    words = "pack given on 2 November 2026 for 7 September 2026 to 25 September 2026"
    assert extract_words("pack", GIVEN, FIRST, LAST) == words
