"""Options are the fields of the models, and what they take is checked before anything is done."""

import dataclasses
from pathlib import Path

import click
import pytest

import cli
from ledger import form
from ledger.store.folder import Folder
from projections.queries.question import Options, Question
from tests.cli.shell import done, misused, model, raising, refused, run

PLACES = {" ".join(p.words): p for p in cli.places()}
AT_A_TIME = {"--on", "--from", "--known-at", "--position", "--clock"}


def options(words: str) -> dict[str, click.Option]:
    found = cli.build(PLACES[words]).params
    return {p.opts[0]: p for p in found if isinstance(p, click.Option)}


@pytest.mark.parametrize("words", PLACES)
def test_each_field_of_a_model_is_one_option_or_argument(words):
    about = model(PLACES[words])
    wanted = {f.name for f in dataclasses.fields(about) if not f.metadata.get("hidden")}
    if issubclass(about, Options):
        wanted |= {"as_json", "as_csv"}
        wanted |= {"replace"} if wanted & {"html", "out"} else set()
    assert {p.name for p in cli.build(PLACES[words]).params} == wanted


@pytest.mark.parametrize("words", PLACES)
def test_what_nobody_asks_for_is_not_done(words):
    """Also where a program asks: every flag is off, and so is what is not offered to people."""
    assert [f.name for f in dataclasses.fields(model(PLACES[words])) if f.default is True] == []


COUNTED_FROM_ONE = {
    "audit before", "audit batch_over", "audit margin", "audit weeks before",
    "casework close entry", "casework correct entry", "casework review entry", "changes lag_under",
    "clock correct first", "clock correct last", "export stretch from_position",
    "export stretch to_position", "overview below", "overview lowest", "penalties at_least",
    "penalties at_most", "persistent within", "prove position", "prove version", "redact position",
    "relation record contact_order", "returns agree sessions", "returns agree weeks",
    "take-back entry",
}  # fmt: skip
"""Entries, days, weeks and sessions, of which none at all would ask for nothing."""
COUNTED_FROM_NOTHING = {
    "amend minutes_late", "changes lag_over", "disclosures record seen_at",
    "evidence copy position", "mark minutes_late", "move-mark minutes_late",
    "notices confirm notices", "witness request since",
}  # fmt: skip
"""What may be none: a minute, a notice, an entry before the first."""


def test_numbers_begin_where_there_is_something_to_count():
    """What is less or more is refused as it is typed; a made-up school is small, yet no hamlet."""
    found = {
        f"{words} {f.name}": (f.minimum, f.maximum)
        for words, place in PLACES.items()
        for f in form.fields(model(place))
        if (f.minimum, f.maximum) != (None, None)
    }
    at_a_time = {f"{w} position" for w, p in PLACES.items() if issubclass(model(p), Question)}
    assert found == {
        "demo pupils": (10, 5000), "demo years": (1, None),
        **dict.fromkeys(COUNTED_FROM_ONE, (1, None)),
        **dict.fromkeys(COUNTED_FROM_NOTHING | at_a_time, (0, None)),
    }  # fmt: skip


def test_hidden_fields_are_not_offered():
    """When a register was opened is not for anybody to say."""
    assert not {"--opened", "--ended", "--rows"} & options("register take").keys()
    assert run("register", "take", "--opened", "1").code == 2


@pytest.mark.parametrize("words", [w for w, p in PLACES.items() if issubclass(model(p), Question)])
def test_every_question_can_be_asked_of_any_time(words):
    assert options(words).keys() >= AT_A_TIME


def test_trailing_underscore_of_a_field_is_cut_off():
    """``from`` is a word of Python, and still an option."""
    assert options("rates")["--from"].name == "from_"


@pytest.mark.usefixtures("small")
def test_tuple_may_be_given_several_times():
    assert options("staff add")["--role"].multiple
    given = ("--name", "Hal Hope", "--job-title", "Head", "--role", "head", "--role", "authoriser")
    done("staff", "add", "head", *given)


OUT_OF_WHAT_IS_OFFERED = """
    rates --by house; rates --clock wall; rates --membership never; rates --position -1;
    rates --position many; changes --lag-over -1; overview --below 0; demo --phase university;
    demo --pupils 9; demo --pupils 5001; mark P1 2026-11-20/AM L --minutes-late -1"""


@pytest.mark.parametrize("words", [w.strip() for w in OUT_OF_WHAT_IS_OFFERED.split(";")])
def test_value_out_of_what_is_offered_is_wrong_usage(words):
    """The option is named."""
    args = words.split()
    assert next(a for a in reversed(args) if a.startswith("--")) in misused(*args)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ("register show", "--group"),
        ("amend --pupil P1 --session 2026-11-20/AM --code I", "--reason"),
        ("history", "PUPIL"),
        ("mark", "PUPIL"),
        ("pupil find", "TEXT"),
        ("ratse", "ratse"),
        ("register burn", "burn"),
        ("rates --bye", "--bye"),
    ],
)
def test_what_is_missing_or_unknown_is_wrong_usage(words, named):
    assert named in misused(*words.split())


@pytest.mark.parametrize(
    ("args", "what", "remedy"),
    [
        (("rates", "--on", "20/11/2026"), "is not a date", "2026-11-20"),
        (("rates", "--on", "20261120"), "is not a date", "2026-11-20"),
        (("rates", "--from", "2026-02-30"), "is not a date", "2026-11-20"),
        (("rates", "--known-at", "noon"), "is not a date or time", "2026-11-20T09:30"),
        (("history", "x", "2026-11-20"), "no pupil", "pupil find"),
        (("mark", "P1", "2026-11-20", "N"), "is not a session", "2026-11-20/AM"),
    ],
)
@pytest.mark.usefixtures("demo")
def test_value_that_cannot_be_read_is_refused_with_a_remedy(args, what, remedy):
    shown = refused(*args)
    assert what in shown.splitlines()[0]
    assert remedy in shown.splitlines()[1]


@pytest.mark.parametrize(
    "words",
    [
        "overview --on 0001-01-01",
        "rates --known-at 0001-01-01T00:00:00+14:00 --clock source",
    ],
)
@pytest.mark.usefixtures("demo")
def test_date_that_no_calendar_reaches_is_refused(words):
    assert "out of reach" in refused(*words.split())


def test_what_a_model_does_not_allow_is_wrong_usage():
    @dataclasses.dataclass
    class Picky:
        word: str

        def __post_init__(self):
            message = f"{self.word} will not do"
            raise ValueError(message)

    with pytest.raises(click.UsageError, match="please will not do"):
        cli._made(Picky, {"word": "please"})


# -- the ledger, and who asks ------------------------------------------------------------------


def test_ledger_may_be_named_by_option_or_environment(demo, monkeypatch):
    """``--ledger`` goes before ATTENDANCE_LEDGER, that before the folder here."""
    asked = ("rates", "--json")
    shown = run(*asked)
    monkeypatch.setenv("ATTENDANCE_LEDGER", "nowhere")
    assert run("--ledger", demo, *asked) == shown
    assert run(*asked).code == 1
    monkeypatch.delenv("ATTENDANCE_LEDGER")
    Path("attendance-ledger").symlink_to(demo)
    assert run(*asked) == shown


@pytest.mark.usefixtures("small")
def test_name_may_be_given_by_option_or_environment(monkeypatch):
    """``--as`` goes before ATTENDANCE_AS; nobody named is refused where something is written."""
    mark = ("mark", "P1", "2026-11-20/AM", "N")
    monkeypatch.delenv("ATTENDANCE_AS")
    assert "--as STAFF_ID" in refused(*mark)
    monkeypatch.setenv("ATTENDANCE_AS", "zz")
    assert "zz is not on the staff" in run(*mark).err
    done("--as", "mm", *mark)
    rows = run("history", "P1", "--json").json["rows"]
    assert rows[0]["by"]["name"] == "Mo Marsh"


@pytest.mark.usefixtures("small")
def test_question_needs_no_name(monkeypatch):
    monkeypatch.delenv("ATTENDANCE_AS")
    done("status")


@pytest.mark.parametrize("fault", [OSError, KeyError, ImportError])
def test_account_without_a_name_is_recorded_by_its_number(monkeypatch, tmp_path, fault):
    """A container may run under a number that nobody has named."""
    monkeypatch.setattr("getpass.getuser", raising(fault))
    assert cli._account().startswith("account ")
    done("--ledger", tmp_path / "new", "init")
    assert Folder(tmp_path / "new").exists()
