"""A new ledger, or nothing at all; and whose register it is."""

from pathlib import Path
from typing import Any

import pytest

from commands.core.command import Context
from commands.penalties.undercut import watch
from commands.school.school import CreateLedger, SetSchool
from commands.school.staff import AddStaff
from ledger.clock import parse_instant
from ledger.errors import Refused
from ledger.events.school import SchoolOpened
from ledger.ledger import Ledger
from ledger.store.folder import Folder
from ledger.values import Operator

NOW = parse_instant("2026-11-20T09:30")

HEAD = {"staff": "hh", "name": "Hope Headworth", "job_title": "Headteacher"}


def context(path: Path, clock: Any = lambda: NOW) -> Context:
    return Context(Ledger(Folder(path)), clock, Operator(None, "office"), watch)


def refusal(path: Path, **given: str) -> Refused:
    with pytest.raises(Refused) as caught:
        CreateLedger(**given).carry_out(context(path))
    return caught.value


def test_a_ledger_is_made_with_its_first_member_of_staff(tmp_path):
    outcome = CreateLedger(**HEAD).carry_out(context(tmp_path / "ledger"))
    assert Folder(tmp_path / "ledger").exists()
    assert outcome.says[-1] == "hh is its first member of staff"


@pytest.mark.parametrize("left_out", HEAD)
def test_half_a_member_of_staff_is_refused(tmp_path, left_out):
    given = {k: v for k, v in HEAD.items() if k != left_out}
    assert refusal(tmp_path / "ledger", **given).code == "first-staff"
    assert not (tmp_path / "ledger").exists()


def test_an_id_that_would_split_a_stream_is_refused(tmp_path):
    """As for everybody added later; the folder is taken away again."""
    assert refusal(tmp_path / "ledger", **{**HEAD, "staff": "h:h"}).code == "id-form"
    assert not (tmp_path / "ledger").exists()


def test_a_folder_that_is_not_empty_is_refused_and_kept(tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "kept.txt").write_text("kept")
    assert "something else" in refusal(tmp_path / "letters").what
    assert (tmp_path / "letters" / "kept.txt").read_text() == "kept"
    CreateLedger().carry_out(context(tmp_path / "ledger"))
    assert "a ledger" in refusal(tmp_path / "ledger").what


def test_an_interrupted_creation_leaves_nothing_behind(tmp_path):
    """Half a ledger would be refused as one that is already there."""

    def interrupted() -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        CreateLedger().carry_out(context(tmp_path / "ledger", interrupted))
    assert not (tmp_path / "ledger").exists()


WHOLE = {
    "urn": "123456", "name": "Example High School", "la_code": "887", "estab": "4001",
    "type": "academy", "phase": "secondary",
}  # fmt: skip


def test_what_is_not_given_stays(desk):
    expected = SchoolOpened(**(WHOLE | {"name": "Example Academy"}))
    assert desk.recorded(SetSchool(name="Example Academy")) == [("calendar", expected)]


def test_repeated_details_record_nothing(desk):
    assert "nothing was recorded" in desk.do(SetSchool(**WHOLE)).says[0]


def test_first_time_every_detail_is_needed(empty):
    empty.do(AddStaff(staff_id="mm", name="Mo Marsh", job_title="Attendance Officer"))
    empty.staff_id = "mm"
    refused = empty.refused(SetSchool(**(WHOLE | {"la_code": None})))
    assert (refused.code, refused.remedy) == ("la-code-missing", "give it with --la-code")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"type": "castle"}, "type-unknown"),
        ({"phase": "tertiary"}, "phase-unknown"),
        ({"urn": "12345"}, "urn-form"),
        ({"la_code": "88x"}, "la-code-form"),
        ({"estab": "40012"}, "estab-form"),
    ],
)
def test_unknown_details_are_refused(desk, fields, code):
    assert desk.refused(SetSchool(**fields)).code == code
