"""The bytes of the rules, and the digest that names them."""

import hashlib
from pathlib import Path

import policies
from policies.packs import files
from tests.ledger.refusals import refused_with

FOLDER = Path(policies.__file__).parent


def test_every_file_of_rules_is_listed_in_order():
    """Paths are relative, with forward slashes, sorted; contents are those on disk."""
    names = [name for name, _ in files.every()]
    assert names == sorted(names)
    assert "statutory/england/codes.toml" in names
    assert "casework/plan.toml" in names
    there = [*(FOLDER / "statutory").rglob("*.toml"), *(FOLDER / "casework").glob("*.toml")]
    assert len(names) == len(there)
    assert all(data == (FOLDER / name).read_bytes() for name, data in files.every())


def test_the_digest_covers_names_and_contents_with_their_lengths():
    """Recomputed here from its definition."""
    text = b"".join(
        len(part).to_bytes(8, "big") + part
        for name, data in files.every()
        for part in (name.encode(), data)
    )
    assert files.digest() == f"sha256:{hashlib.sha256(text).hexdigest()}"


def test_changing_the_list_changes_nothing_for_others():
    files.every().clear()
    assert files.every()


def test_one_file_is_read_by_name():
    assert files.content("statutory/england/codes.toml") in dict(files.every()).values()


def test_a_file_that_is_not_there_is_refused():
    with refused_with("pack-missing", match="statutory/wales"):
        files.content("statutory/wales/codes.toml")
