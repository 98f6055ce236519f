"""attendance amend --batch: a line a mark, all of them or none, every fault told at once."""

import io
from pathlib import Path

import pytest

from commands.amending.amend import AmendMarks
from commands.amending.batch import BatchRefused
from ledger.errors import ImportRefused
from ledger.events.register import MarkAmended, MarkCorrected
from ledger.values import parse_session
from tests.commands.conftest import refusal, upn

ERRORS = Path(__file__).parents[3] / "fixtures" / "errors"
CASES = sorted(ERRORS.glob("batch-*"))
HEADER = "upn,date,session,original,amended,reason\n"
ADA = f"{upn(1)},2026-11-16,AM,N,I,Mother rang\n"
BEN = f"{upn(2)},2026-11-16,AM,/,O,Seen in town\n"


def from_stdin(text, *, encoding="utf-8", **fields):
    stdin = io.TextIOWrapper(io.BytesIO(text.encode(encoding)), "utf-8")
    return AmendMarks(batch="-", **fields).load(stdin)


@pytest.fixture
def marked(desk):
    """Ada has N on Monday, Ben is present in the morning."""
    for pupil, name, code in (
        ("P1", "2026-11-16/AM", "N"),
        ("P1", "2026-11-16/PM", "N"),
        ("P2", "2026-11-16/AM", "/"),
    ):
        desk.mark(pupil, name, code)
    return desk


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_message_says_where_what_and_what_to_do(marked, case):
    """A faulty file is refused with the lines of ``expected.txt``, and nothing is written."""
    refused = marked.refused(AmendMarks(batch=str(case / "batch.csv")).load(io.StringIO()))
    assert isinstance(refused, BatchRefused)
    expected = (case / "expected.txt").read_text("utf-8").splitlines()
    assert [str(problem) for problem in refused.problems] == expected
    assert refused.total == len(expected)


def test_every_line_is_an_amendment_of_one_batch(marked):
    """Pupils, reasons and codes differ; the batch is the same."""
    found = marked.recorded(from_stdin(HEADER + ADA + BEN))
    events = [event for _, event in found]
    assert [(e.original, e.code, e.reason) for e in events] == [
        ("N", "I", "Mother rang"),
        ("/", "O", "Seen in town"),
    ]
    assert len({e.batch for e in events} - {None}) == 1
    assert all(isinstance(e, MarkAmended) and e.job_title for e in events)


def test_answer_names_pupils_figures_and_batch(marked):
    """What was done is told in lines a person can check."""
    says = marked.do(from_stdin(HEADER + ADA + BEN)).says
    assert says[0].startswith("Ada Quill 2026-11-16/AM: N -> I ")
    assert says[1].startswith("Ben Reed 2026-11-16/AM: / -> O ")
    assert says[2] == "2 amendments"
    assert says[3] == "the figures: attended -1, authorised absence +1"


def test_one_line_alone_has_no_batch(marked):
    """A batch ties amendments together; one alone needs none."""
    [event] = marked.events(from_stdin(HEADER + ADA))
    assert event.batch is None


def test_byte_order_mark_crlf_quotes_and_blank_lines_are_read(marked):
    """A file as a spreadsheet saves it, its columns in another order, with nature and minutes."""
    text = (
        "\ufeffreason,upn,date,session,original,amended,nature,minutes_late\r\n"
        f'"Bus, late",{upn(1)},2026-11-16,AM,N,L,,7\r\n\r\n'
        f'Card seen,{upn(1)},2026-11-16,PM,N,B,"taster ""day""",\r\n'
    )
    events = marked.events(from_stdin(text))
    assert [(e.reason, e.minutes_late, e.nature) for e in events] == [
        ("Bus, late", 7, None),
        ("Card seen", None, 'taster "day"'),
    ]


def test_line_without_a_reason_takes_the_one_given_for_all(marked):
    """--reason is for the lines that give none; the others keep their own."""
    text = HEADER + ADA.replace("Mother rang", "") + BEN
    events = marked.events(from_stdin(text, reason=" flu week "))
    assert [e.reason for e in events] == ["flu week", "Seen in town"]


def test_dry_run_shows_each_line_and_records_nothing(marked):
    """The preview of a batch is as full as that of one mark."""
    before = marked.folder.head()
    says = marked.do(from_stdin(HEADER + ADA + BEN, dry_run=True)).says
    assert [line for line in says if not line.startswith(" ")] == [
        "Ada Quill 2026-11-16/AM",
        "Ben Reed 2026-11-16/AM",
        "2 amendments",
        "the figures: attended -1, authorised absence +1",
        "dry run: nothing was recorded",
    ]
    assert marked.folder.head() == before


def test_open_register_is_corrected_by_a_batch_too(marked):
    """What comes before the end of taking is part of it, in a file as well."""
    marked.at("2026-11-20T13:52")
    marked.mark("P1", "2026-11-20/PM", "N")
    line = f"{upn(1)},2026-11-20,PM,N,\\,Came in\n"
    kinds = [type(event) for _, event in marked.recorded(from_stdin(HEADER + ADA + line))]
    assert kinds == [MarkAmended, MarkCorrected]


def test_file_without_lines_is_refused(marked):
    """A header alone asks for nothing."""
    found = refusal(from_stdin, HEADER)
    assert (found.code, found.what) == ("nothing-to-amend", "stdin holds no line")
    assert not marked.marks("P3")


@pytest.mark.parametrize(("name", "what"), [("none.csv", "there is no file"), ("", "is a folder")])
def test_file_that_is_not_there_is_refused(tmp_path, name, what):
    """The refusal names the file."""
    found = refusal(AmendMarks(batch=str(tmp_path / name)).load, io.StringIO())
    assert found.code == "batch-file"
    assert what in found.what
    assert str(tmp_path) in found.what


@pytest.mark.parametrize(
    ("field", "value", "option"),
    [
        ("pupil", "P1", "--pupil"),
        ("session", parse_session("2026-11-16/AM"), "--session"),
        ("from_", "2026-11-16", "--from"),
        ("to_", "2026-11-16", "--to"),
        ("from_code", "N", "--from-code"),
        ("code", "I", "--code"),
        ("minutes_late", 0, "--minutes-late"),
        ("nature", "x", "--nature"),
    ],
)
def test_batch_with_options_of_one_pupil_is_refused(field, value, option):
    """A line says all of that itself; the file is not even read."""
    found = refusal(AmendMarks(batch="-", **{field: value}).load, io.StringIO())
    assert found.code == "batch-or-options"
    assert f"--batch and {option} are" in found.what


def test_no_more_problems_are_shown_than_a_person_reads(marked):
    """A hundred are shown, all are counted."""
    unknown = "".join(f"U{n},2026-11-16,AM,N,I,x\n" for n in range(150))
    with pytest.raises(ImportRefused) as caught:
        marked.do(from_stdin(HEADER + unknown))
    assert (len(caught.value.problems), caught.value.total) == (100, 150)
    assert "--accept-findings" not in caught.value.remedy
