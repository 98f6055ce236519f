"""The files and columns of the portable folder, as the contract lists them."""

from ledger import portable


def test_columns_keep_their_order_required_first():
    """An export writes them so."""
    columns = portable.FILES[portable.PLANS]
    assert columns.all == columns.required
    groups = portable.FILES[portable.GROUPS]
    assert groups.all == ("upn", "kind", "name", "from", "to", "recorded_on")


def test_no_column_is_named_twice():
    """Neither among the required nor with the optional ones."""
    for name, columns in portable.FILES.items():
        assert len(set(columns.all)) == len(columns.all), name


def test_required_and_top_up_files_are_files_of_the_folder():
    """Beside the CSV files there is only school.toml."""
    known = {portable.SCHOOL, *portable.FILES}
    assert known.issuperset(portable.REQUIRED)
    assert known.issuperset(portable.TOP_UP)
