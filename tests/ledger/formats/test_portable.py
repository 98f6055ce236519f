"""The columns of the portable folder, which import and export share."""

import pytest

from ledger.formats import portable


@pytest.mark.parametrize("file", portable.FILES)
def test_no_column_is_named_twice(file):
    """Required and optional columns are apart."""
    columns = portable.FILES[file].all
    assert len(set(columns)) == len(columns)


def test_what_must_be_there_is_a_file_of_the_format():
    """Whole folders and top-ups are made of the same files."""
    known = {portable.SCHOOL, *portable.FILES}
    assert {*portable.REQUIRED, *portable.TOP_UP} <= known
