"""Words from files: each with what it is given, a school's own, and every way to break one."""

import re
import subprocess
import sys
from dataclasses import fields, is_dataclass
from itertools import product
from typing import get_args, get_type_hints

import pytest
from jinja2 import Environment, meta, nodes

from ledger.store.folder import Folder
from projections.figures.explained import PersistentWords, RateWords
from projections.leave.letter import LeaveLetterWords, Since
from projections.penalties.alert_letter import (
    AlertFootWords,
    AlertHeadWords,
    CertificateWords,
    ConsiderationWords,
    NoticeWords,
)
from projections.register.words import AmendedNotes, BlankNotes
from projections.rendering.words import SHIPPED
from tests.ledger.refusals import refused_with

FILES = (
    LeaveLetterWords, AlertHeadWords, NoticeWords, ConsiderationWords, CertificateWords,
    AlertFootWords, AmendedNotes, BlankNotes, RateWords, PersistentWords,
)  # fmt: skip
EMPTY = {str: "", int: 0, bool: False}
BLANK = "_" * 40
each_file = pytest.mark.parametrize("given", FILES, ids=lambda given: given.file)


def hints(given):
    found = get_type_hints(given)
    return {field.name: found[field.name] for field in fields(given)}


def parts(given):
    """The names of the fields of the classes within a class, however deep."""
    for kind in hints(given).values():
        for part in filter(is_dataclass, get_args(kind)):
            yield from (*hints(part), *parts(part))


def emptiest(given, **more):
    """A class with nothing in it."""
    return given(**{name: EMPTY.get(kind, ()) for name, kind in hints(given).items()} | more)


def full(given, **more):
    """A class with something in every field; a text and a number say which."""
    return given(**{name: _filled(name, kind) for name, kind in hints(given).items()} | more)


def _filled(name, kind):
    if kind is str:
        return f"<{name}> & more of it"
    if kind in (int, bool):
        return kind(sum(map(ord, name)))
    (part, _) = get_args(kind)
    if is_dataclass(part):
        return (full(part), full(part))
    return (f"<{name} 1>", f"<{name} 2>")


def texts(given):
    for field in fields(given):
        value = getattr(given, field.name)
        for each in value if isinstance(value, tuple) else (value,):
            if is_dataclass(each):
                yield from texts(each)
            elif not isinstance(each, bool):
                yield str(each)


def every_way(given):
    """The class full, with each yes or no either way; a step was this, or that."""
    names = [name for name, kind in hints(given).items() if kind is bool]
    for values in product((False, True), repeat=len(names)):
        yield full(given, **dict(zip(names, values, strict=True)))


def own(tmp_path, content, file="leave-letter.txt"):
    """Lay a file over ours; return the ledger's folder."""
    (tmp_path / "words").mkdir(exist_ok=True)
    path = tmp_path / "words" / file
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return Folder(tmp_path)


def parsed(given):
    return Environment(autoescape=True).parse((SHIPPED / given.file).read_text("utf-8"))


def test_each_file_is_given_one_class():
    """No file is left over, and none is missing."""
    assert sorted(given.file for given in FILES) == sorted(p.name for p in SHIPPED.glob("*.txt"))


@each_file
def test_a_file_uses_each_placeholder_and_no_other(given):
    """Also the names after a dot."""
    assert meta.find_undeclared_variables(parsed(given)) == set(hints(given))
    assert {node.attr for node in parsed(given).find_all(nodes.Getattr)} == set(parts(given))


@each_file
def test_a_file_says_first_what_it_is_given(given):
    """A head teacher reads there of which letter it is and what every placeholder holds."""
    note = (SHIPPED / given.file).read_text("utf-8").partition("#}")[0]
    assert note.startswith("{# ")
    assert [name for name in hints(given) if not re.search(rf"\b{name}\b", note)] == []


@each_file
def test_everything_that_a_file_is_given_can_be_read_in_it(given, tmp_path):
    """With every value there, each is printed as it is, whichever way a yes or no goes."""
    letters = ["\n".join(way.lines(Folder(tmp_path))) for way in every_way(given)]
    printed = [name for name in texts(full(given)) if name != "<what> & more of it"]
    assert [name for name in printed if not any(name in letter for letter in letters)] == []


@each_file
def test_with_nothing_to_say_a_file_shows_no_trace_of_its_placeholders(given, tmp_path):
    """All optional values are missing: no tag, no name of Python's is left."""
    letter = "\n".join(emptiest(given).lines(Folder(tmp_path)))
    assert [t for t in ("{", "}", "%", "#", "None", "True", "False") if t in letter] == []


@pytest.mark.parametrize(
    ("given", "lines"),
    [(CertificateWords, 5), (AmendedNotes, 0), (BlankNotes, 1), (AlertFootWords, 4)],
)
def test_the_emptiest_is_as_long_as_its_sentences(given, lines, tmp_path):
    """A tag alone in its line makes no line."""
    assert len(emptiest(given).lines(Folder(tmp_path))) == lines


def test_the_emptiest_leave_letter(tmp_path):
    """A refusal of which little is known, word for word."""
    assert emptiest(LeaveLetterWords).lines(Folder(tmp_path)) == [
        "DRAFT: not signed, not sent.",
        "",
        "",
        "Date: ____________",
        "To: ",
        "",
        "About: , leave of absence, ",
        "",
        "On  leave of absence was asked for:  ().",
        "Leave is refused.",
        "If  is away all the same, the absence is recorded as unauthorised (code : ).",
        "The reason: ",
        "",
        ", ",
    ]


def test_the_fullest_part_about_a_notice(tmp_path):
    """Every sentence of it; the grounds of each law before its note, in order."""
    weeks = "in the fullest 10 school weeks around it"
    counts = {"before": 10, "after": 9, "own_before": 8, "own_after": 7}
    given = full(NoticeWords, fell=False, withdrawn=False, number=1, weeks=10, needed=10, **counts)
    assert given.lines(Folder(tmp_path)) == [
        "1. <paper> & more of it",
        "   Parent: <parent> & more of it",
        "   <state> & more of it",
        "   A session that it relied on was changed, as above.",
        "   Of the sessions that it relied on, 8 counted before the change; 7 count after it.",
        "   That is fewer than the 10 sessions that the rule speaks of.",
        f"   Recorded sessions {weeks}: 10 before the change, 9 after it",
        "   (the rule speaks of 10; <reference> & more of it).",
        "   The head teacher chooses:",
        *2
        * [
            "   [  ] Please withdraw the notice: <grounds 1> (<reference> & more of it).",
            "   [  ] Please withdraw the notice: <grounds 2> (<reference> & more of it).",
            "        Note: <note> & more of it.",
        ],
        f"   [  ] We see no reason to withdraw it, because: {BLANK}",
        "",
    ]


def test_a_line_break_within_a_value_makes_no_line(tmp_path):
    """A reason of two lines is one line of the letter, and keeps its break."""
    lines = full(LeaveLetterWords, reason="first\nsecond").lines(Folder(tmp_path))
    assert "The reason: first\nsecond" in lines


def test_what_stands_in_a_value_is_no_tag(tmp_path):
    """A reason that looks like a placeholder is printed as it was written."""
    lines = full(LeaveLetterWords, reason="{{ pupil }} {% if %}").lines(Folder(tmp_path))
    assert "The reason: {{ pupil }} {% if %}" in lines


# -- a school's own --------------------------------------------------------------------------


def written(tmp_path, content, **more):
    return full(LeaveLetterWords, **more).lines(own(tmp_path, content))


@pytest.mark.parametrize(
    "content",
    [
        "Dear {{ asked_by }},\n\nabout {{ pupil }}\n",
        "Dear {{ asked_by }},\r\n\r\nabout {{ pupil }}\r\n",
        b"\xef\xbb\xbfDear {{ asked_by }},\n\nabout {{ pupil }}",
    ],
    ids=["plain", "from Windows", "with a mark of bytes, without a last line's end"],
)
def test_a_schools_own_words_are_used_for_ours(tmp_path, content):
    """However its editor ends lines and begins a file."""
    assert written(tmp_path, content, asked_by="Una", pupil="Ada") == [
        "Dear Una,", "", "about Ada",
    ]  # fmt: skip


def test_a_file_of_ours_stands_beside_a_schools_own(tmp_path):
    """One file is laid over; the others are as they were. What is no .txt is nobody's."""
    folder = own(tmp_path, "ours")
    own(tmp_path, "a copy", "leave-letter.txt~")
    assert emptiest(LeaveLetterWords).lines(folder) == ["ours"]
    assert len(emptiest(CertificateWords).lines(folder)) == 5


def test_an_empty_file_says_nothing(tmp_path):
    """A school that wants no notes has none; a note to its reader is no line either."""
    for content in ("", "{# none #}"):
        assert emptiest(BlankNotes).lines(own(tmp_path, content, BlankNotes.file)) == []


def test_its_words_change_with_its_file(tmp_path):
    """The next letter has the new words."""
    assert written(tmp_path, "one") == ["one"]
    assert written(tmp_path, "two") == ["two"]


def test_a_tag_at_the_end_of_a_line_keeps_the_line(tmp_path):
    """Only a tag that has a line for itself makes none, wherever it stands in it."""
    source = (
        "A{% if stands %}B{% endif %}\n"
        "  {% if stands %}  \n"
        "C\n"
        "  {# several\n lines #}\n"
        "  {% endif %}\n"
        "{% if stands %}D{% endif %}\n"
        "{% for each in address %}{{ each }}, {% endfor %}end\n"
    )
    assert written(tmp_path, source, stands=True, address=("x", "y")) == [
        "AB", "C", "D", "x, y, end",
    ]  # fmt: skip
    assert written(tmp_path, source, stands=False, address=()) == ["A", "", "end"]


BROKEN = {
    "a name that is not known": ("Hello\n{{ pupill }}\n", 2, "has the name pupill"),
    "one in a sentence that is not said": (
        "{% if not granted %}\n{{ x }}\n{% endif %}\n", 2, "no placeholder has the name x",
    ),
    "a part that is not known": (
        "{% for s in since %}\n{{ s.why }}\n{% endfor %}", 2, "no part of a placeholder",
    ),
    "a part of what has none": ("a\n\n{{ pupil.on }}\n", 3, "no attribute 'on'"),
    "a way into the program": ("{{ pupil.__class__ }}\n", 1, "the name __class__"),
    "what is used after its sentence": (
        "{% for s in since %}\n{% endfor %}\n{{ s.on }}\n", 3, "no placeholder has the name s",
    ),
    "a tag that is not closed": ("a\n{{ pupil\n", 2, "unexpected end"),
    "an if without its end": ("a\n{% if granted %}\nb\n", 3, "to be closed is 'if'"),
    "an end without its if": ("a\nb\n{% endif %}\n", 3, "unknown tag 'endif'"),
    "a repetition of no list": (
        "a\n{% for x in granted %}\n{{ x }}\n{% endfor %}\n", 2, "not iterable",
    ),
    "another file": ("{% include 'x' %}\n", 1, "more than a placeholder"),
    "a calculation": ("a\n{{ 1 / 0 }}\n", 2, "more than a placeholder"),
    "a call": ("a\n{{ pupil.upper() }}\n", 2, "more than a placeholder"),
    "a filter": ("a\n{{ pupil | upper }}\n", 2, "more than a placeholder"),
    "a value of its own": ("{% set x = 1 %}\n", 1, "more than a placeholder"),
    "a number without end": (f"{{{{ {'9' * 9000} }}}}\n", 1, "Exceeds the limit"),
    "ifs in ifs": (
        "{% if granted %}\n" * 150 + "{% endif %}\n" * 150, 1, "indentation",
    ),
    "brackets in brackets": (f"{{{{ {'(' * 5000} }}}}\n", 1, "recursion"),
    "another encoding": ("a\nJos\xe9\n".encode("latin-1"), 2, "not UTF-8"),
    "a wide encoding": ("a\n".encode("utf-16"), 1, "not UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize(("content", "line", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_refused_with_its_line(tmp_path, content, line, words):
    """File, line, what is wrong; what to do, and what there is to use."""
    with refused_with("words-broken") as caught:
        written(tmp_path, content)
    place, _, what = caught.value.what.partition(": ")
    assert place == f"{tmp_path / 'words' / 'leave-letter.txt'}:{line}"
    assert words in what
    assert "take the file away" in caught.value.remedy
    assert "its placeholders are school, letter_on, asked_by" in caught.value.remedy


def test_a_folder_in_the_place_of_a_file_is_refused(tmp_path):
    """What cannot be read is no reason to write other words than the school's."""
    (tmp_path / "words" / "leave-letter.txt").mkdir(parents=True)
    with refused_with("words-broken", match=r"leave-letter\.txt cannot be read"):
        full(LeaveLetterWords).lines(Folder(tmp_path))


def test_a_file_of_another_name_is_refused(tmp_path):
    """A letter that is never written would be a silent surprise; the names are told."""
    folder = own(tmp_path, "Dear", "leave-leter.txt")
    with refused_with("words-unknown", match=r"leave-leter\.txt") as caught:
        full(LeaveLetterWords).lines(folder)
    assert "leave-letter.txt, persistent-explained.txt" in caught.value.remedy


def test_what_needs_no_words_does_not_load_what_writes_them():
    """The library of the files is slow to import."""
    modules = "leave.leave, penalties.alerts, register.show, figures.overview, rendering.screen"
    imports = ", ".join(f"projections.{each}" for each in modules.split(", "))
    code = f"import sys, {imports}; sys.exit('jinja2' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_step_is_told_as_what_it_was(tmp_path):
    since = (Since(on="1 May", what="falsified"), Since(on="2 May", what="withdrawn"))
    lines = full(LeaveLetterWords, since=since).lines(Folder(tmp_path))
    assert [line.split(", it was ")[1][:5] for line in lines if "Since then" in line] == [
        "found", "withd",
    ]  # fmt: skip
