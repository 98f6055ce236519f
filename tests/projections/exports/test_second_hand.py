"""What another system decided is shown as its word, wherever it is shown, and never as ours."""

from datetime import date

import pytest

from ledger.formats.portable import CONSIDERATIONS, FILES
from projections.amending.approvals import Approvals
from projections.amending.evidence import Evidence
from projections.amending.policy import PoliciesAdopted, PolicyInForce
from projections.disclosure.disclosures import Disclosures
from projections.leave.leave import LeaveOfAbsence
from projections.penalties.penalties import Penalties
from projections.queries.people import AS_STATED, SECOND_HAND
from projections.register.registers import Registers
from projections.rendering.text import as_text
from projections.roll.admission import Admission
from tests.commands.exchange.portable.conftest import ADA, CLEO
from tests.commands.exchange.portable.test_decisions import ROWS
from tests.projections.exports.test_portable import (
    SCHOOL,
    answer_to,
    ask,
    bring,
    empty,
    export,
    imported,
)

NAMES = (
    LeaveOfAbsence(pupil=ADA, on=date(2026, 12, 1)),
    Penalties(at_least=1, explain=True, on=date(2026, 11, 20)),
    Approvals(all_=True),
    PolicyInForce(),
    PoliciesAdopted(),
    Evidence(),
    Disclosures(),
    Registers(from_=date(2026, 11, 9), on=date(2026, 11, 9)),
)


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """A ledger that holds the example school, and what its former system decided."""
    path = tmp_path_factory.mktemp("second")
    folder = path / "folder"
    folder.mkdir()
    for file in SCHOOL.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    for name, rows in ROWS.items():
        header = ",".join(FILES[name].all)
        if name == CONSIDERATIONS:
            rows = rows.replace(ADA, CLEO)  # noqa: PLW2901 - one who has such entries
        (folder / name).write_text(f"{header}\n{rows}\n", "utf-8", newline="")
    context = empty(path / "ledger")
    bring(context, folder)
    return context


@pytest.mark.parametrize("question", NAMES, ids=lambda question: type(question).__name__)
def test_who_decided_is_told_as_stated(school, question):
    """On the screen beside the name; the document says how it is known."""
    answer = answer_to(school, question)
    assert any(SECOND_HAND in line for line in as_text(answer.blocks))


def test_the_document_says_how_it_is_known(school):
    """Who granted leave, beside name and title."""
    [row] = ask(school, LeaveOfAbsence(pupil=ADA, on=date(2026, 12, 1)))["rows"]
    assert row["decided_by"] == {
        "name": "Hope Headworth", "job_title": "Headteacher", "authenticated": AS_STATED,
    }  # fmt: skip
    assert row["decided_on"] == "2026-11-13"


def test_an_export_of_it_is_the_same_again(school, tmp_path):
    """Every decision goes on to a third system as the first stated it."""
    export(school, tmp_path / "out")
    export(imported(tmp_path / "out"), tmp_path / "again")
    for name in ROWS:
        again = (tmp_path / "again" / name).read_bytes()
        assert again == (tmp_path / "out" / name).read_bytes(), name


def test_an_amendment_with_an_author_is_no_restatement(school):
    """Of the admission register: who amended it, as the former system states."""
    rows = ask(school, Admission())["rows"]
    assert {(row["kind"], row["by"]["authenticated"]) for row in rows} == {
        ("amendment", AS_STATED)
    }


def test_where_a_former_system_read_the_register_is_not_said(school):
    """Its positions are another log's."""
    rows = ask(school, Disclosures())["rows"]
    assert {row["seen_at"] for row in rows} == {None}
