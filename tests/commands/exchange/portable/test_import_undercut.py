"""An import that changes what a paper rests on raises an alert, in its own transaction."""

from datetime import date

import pytest

from commands.penalties.notices import RecordNotice
from tests.commands.exchange.portable.conftest import ADA

WAS = f"{ADA},2026-11-09,AM,/"
NOW_STATED = f"{ADA},2026-11-09,AM,L"


@pytest.fixture
def noticed(known):
    """The example school, with a notice recorded here after its import."""
    notice = RecordNotice(
        parent_id="P01", pupil=ADA, kind="s444A", issued_on=date(2026, 11, 13),
        offence_first=date(2026, 11, 9), offence_last=date(2026, 11, 10),
    )  # fmt: skip
    known.by("A01").do(notice)
    return known


def test_papers_of_the_import_itself_raise_nothing(known):
    """The example school has notices and amendments: history, and no change made here."""
    assert "CaseUndercut" not in known.counts()


def test_a_mark_restated_by_its_source_raises_an_alert(noticed, changed):
    """Once; the same folder again records nothing. A dry run says what would be."""
    folder = changed("marks.csv", (WAS, NOW_STATED))
    dry = noticed.bring(folder, dry_run=True)
    assert any(line.startswith("would raise an alert: ") for line in dry.says)
    assert "CaseUndercut" not in noticed.counts()
    outcome = noticed.bring(folder)
    assert noticed.counts()["CaseUndercut"] == 1
    assert any(line.startswith("Alert: ") for line in outcome.says)
    assert noticed.bring(folder).header is None
    assert noticed.counts()["CaseUndercut"] == 1
