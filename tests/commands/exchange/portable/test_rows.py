"""The rows of the small files, as the import reads them."""

import pytest

from commands.exchange.portable import rows
from commands.exchange.portable.decided import DECIDED
from ledger.formats import portable

ROWS = {
    portable.STAFF: rows.StaffRow,
    portable.PUPILS: rows.PupilRow,
    portable.GROUPS: rows.GroupRow,
    portable.PARENTS: rows.ParentRow,
    portable.RELATIONS: rows.RelationRow,
    portable.AMENDMENTS: rows.AmendmentRow,
    portable.NOTICES: rows.NoticeRow,
    portable.CASEWORK: rows.CaseworkRow,
    portable.PLANS: rows.PlanRow,
    **DECIDED,
}


@pytest.mark.parametrize("file", sorted(portable.FILES.keys() - {portable.MARKS}))
def test_every_column_has_its_reader(file):
    """marks.csv, which is read apart, aside."""
    assert set(rows.fields_of(ROWS[file])) == set(portable.FILES[file].all)
