"""What is kept of a name, when two are the same, and which one may be meant."""

import re
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import names
from tests.ledger.refusals import refused_with

COMPOSED, APART = "Zo\u00eb", "Zoe\u0308"
NAMES = st.text(
    st.sampled_from("aZ9é\u00c9e\u0308\u0301ßø '\u2019-\u2010.\u00a0\u2009\u200b\u200d\ufeff"),
    max_size=8,
)
"""Of letters, signs and blanks that look alike, seen and unseen."""


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        (" Testerby ", "Testerby"),
        ("9A\u00a0", "9A"),
        ("Year\u00a07", "Year 7"),
        ("Year \u2009 7", "Year 7"),
        ("\ufeff9A", "9A"),
        ("Test\u00aderby", "Testerby"),
        ("9A\n", "9A"),
        (APART, COMPOSED),
        ("O\u2019Test", "O\u2019Test"),
        ("\u200b", ""),
    ],
)
def test_a_name_is_kept_in_one_form(written, kept):
    """Composed, each blank one space, no margins, nothing that is not seen."""
    assert names.name(written) == kept


@pytest.mark.parametrize(
    ("written", "holds"),
    [
        ("9\tA", "control character"),
        ("9\x00A", "control character"),
        ("9\x7fA", "control character"),
        ("9\nA", "line break"),
        ("9\r\nA", "line break"),
        ("9\u2028A", "line break"),
        ("9\x85A", "line break"),
    ],
)
def test_a_name_is_one_line_of_text(written, holds):
    """What would break a column or a line of paper is refused; a text may have lines."""
    with refused_with("name-control", holds):
        names.name(written)
    assert names.text(f" {written} ") == written


def test_a_text_keeps_what_is_inside():
    """Only margins and form are settled: an address has lines."""
    assert names.text(f"\ufeff 1 Road\n  {APART} ") == f"1 Road\n  {COMPOSED}"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("9A", "9a"),
        ("9A", "9 A"),
        ("9A", "\u00a09A "),
        ("9\u00c9", "9e\u0301"),
        ("Year 7", "YEAR7"),
        ("Straße", "STRASSE"),
    ],
)
def test_case_blanks_and_form_make_no_other_name(one, other):
    """Nobody could tell two such groups apart on paper."""
    assert names.key(one) == names.key(other)
    assert names.same(one, [other, "9B"]) == [other]


@pytest.mark.parametrize(
    ("one", "other"),
    [("9A", "9B"), ("Set 1 12", "Set 11 2"), ("9E", "9\u00c9"), ("O'T", "O\u2019T"), ("7", "Y7")],
)
def test_what_can_be_told_apart_are_two_names(one, other):
    """Accents and signs count, and so does a space between two numbers."""
    assert names.key(one) != names.key(other)


@pytest.mark.parametrize(
    ("sought", "written"),
    [
        ("edie", "\u00c9die"),
        ("o'sullivan", "O\u2019Sullivan"),
        ("OSullivan", "O\u02bcSullivan"),
        ("zoe", APART),
        ("zo\u00eb", APART),
        ("smith jones", "Smith\u2010Jones"),
        ("Smith-Jones", "Smith\u2013Jones"),
        ("bjorn", "Bj\u00f8rn"),
        ("lukasz", "\u0141ukasz"),
    ],
)
def test_a_search_needs_no_accents_and_no_special_signs(sought, written):
    """What a keyboard has finds what a register holds."""
    assert names.search_key(sought) == names.search_key(written)


@given(NAMES)
def test_settling_a_name_again_changes_nothing(written):
    """What is kept is a name in that form already, and has the same keys."""
    kept = names.tidy(written)
    assert names.tidy(kept) == kept
    assert names.text(kept) == kept
    assert names.key(kept) == names.key(written)
    assert names.search_key(kept) == names.search_key(written)


@given(NAMES, st.sampled_from(["NFC", "NFD"]), st.sampled_from(["", " ", "\u00a0", "\ufeff"]))
def test_another_form_is_the_same_name(written, form, margin):
    """However a system writes it: composed or apart, with margins or none."""
    assert names.tidy(f"{margin}{normalize(form, written)}{margin}") == names.tidy(written)


@given(NAMES, NAMES)
def test_two_names_are_the_same_when_a_reader_sees_the_same(one, other):
    """Told by what is printed: case, blanks and what has no width left aside."""
    assert (names.key(one) == names.key(other)) == (seen(one) == seen(other))


def seen(written: str) -> str:
    """What somebody reads who does not look at case and blanks, letter by letter."""
    blanks = (" ", "\u00a0", "\u2009")
    unseen = ("\u200b", "\u200d", "\ufeff")
    composed = normalize("NFC", "".join(c for c in written if c not in unseen))
    characters = ["_" if c in blanks else c for c in composed]
    spaced = "_".join(part for part in "".join(characters).split("_") if part)
    kept = [
        c
        for at, c in enumerate(spaced)
        if c != "_" or (spaced[at - 1].isdigit() and spaced[at + 1].isdigit())
    ]
    return "".join(kept).upper().replace("SS", "ß".upper())


def test_twins_are_the_names_that_only_look_like_one():
    """Each key that is written in several ways, with the ways."""
    assert names.twins(["9A", "9a", "9B", "9A ", "9A"]) == {"9a": ["9A", "9A ", "9a"]}


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("7", ["Year 7"]),
        ("Y9", ["Year 9"]),
        ("yera 9", ["Year 9"]),
        ("Forest", []),
        ("", []),
    ],
)
def test_names_that_may_be_meant_are_offered(asked, near):
    """By the number that they say, by letters, by what they hold; none where none is near."""
    known = ["Year 7", "Year 9", "Year 10"]
    found = names.near(asked, known)
    assert found[: len(near)] == near
    assert bool(found) == bool(near)


def test_an_offer_names_what_may_be_meant():
    """In words, for a remedy."""
    offer = names.offered(["Year 7", "7A"], "look it up")
    assert offer == "did you mean 'Year 7' or '7A'? If not: look it up"
    assert names.offered([], "look it up") == "look it up"


def marked(given, name):
    """A text with what is found of a name, as words, put in brackets."""
    return names.without(given, re.compile(rf"(?<!\w)(?:{re.escape(name)})(?!\w)"), "[]")


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("Saw Zo\u00eb Test today", "Saw [] today"),
        ("Saw zoe TEST.", "Saw []."),
        ("Zoe\u0308 Test", "[]"),
        ("Zoe Te\u0301st\u0301, and her aunt", "[], and her aunt"),
        ("Zoe-Test", "[]"),
        ("Zoes Test", "Zoes Test"),
        ("\u2018Zoe Test\u2019 wrote", "\u2018[]\u2019 wrote"),
        ("", ""),
    ],
)
def test_a_name_is_taken_out_of_a_text_however_it_is_written(given, left):
    """With or without accents; what stands around it stays as it was."""
    assert marked(given, "zoe test") == left


@given(NAMES, NAMES)
def test_what_is_around_a_name_stays_as_it_was(before, after):
    """Letter for letter, whatever letters they are."""
    found = re.compile("zoe")
    assert names.without(f"{before}, Zo\u00eb.{after}", found, "[]") == f"{before}, [].{after}"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (APART, COMPOSED, True),
        (" 9A", "9A\u00a0", True),
        ("9A", "9a", False),
        (None, None, True),
        (None, "", False),
        (1, 1, True),
        (1, "1", False),
    ],
)
def test_values_say_the_same_whatever_the_form_of_their_texts(one, other, same):
    """Case counts: it can be seen."""
    assert names.alike(one, other) is same
