"""The rows of the small files, as the import reads them."""

import pytest

from commands.exchange.portable import rows
from ledger.formats import portable


@pytest.mark.parametrize("file", sorted(portable.FILES.keys() - {portable.MARKS}))
def test_every_column_has_its_reader(file):
    """marks.csv, which is read apart, aside."""
    assert set(rows.FIELDS[file]) == set(portable.FILES[file].all)
