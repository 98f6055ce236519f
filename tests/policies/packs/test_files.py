"""The bytes of the statutory packs, and the digest that names them."""

import hashlib
from pathlib import Path

import pytest

import policies
from ledger.errors import Refused
from policies.packs import files

FOLDER = Path(policies.__file__).parent


def test_every_statutory_file_is_listed_in_order():
    """Paths are relative, with forward slashes, sorted; contents are those on disk."""
    names = [name for name, _ in files.statutory()]
    assert names == sorted(names)
    assert "statutory/england/codes.toml" in names
    assert len(names) == len(list((FOLDER / "statutory").rglob("*.toml")))
    assert all(data == (FOLDER / name).read_bytes() for name, data in files.statutory())


def test_the_digest_covers_names_and_contents_with_their_lengths():
    """Recomputed here from its definition."""
    text = b"".join(
        len(part).to_bytes(8, "big") + part
        for name, data in files.statutory()
        for part in (name.encode(), data)
    )
    assert files.digest() == f"sha256:{hashlib.sha256(text).hexdigest()}"


def test_changing_the_list_changes_nothing_for_others():
    """Who empties the list that was returned does not empty the packs."""
    files.statutory().clear()
    assert files.statutory()


def test_one_file_is_read_by_name():
    """The content is that which the digest covers."""
    assert files.content("statutory/england/codes.toml") in dict(files.statutory()).values()


def test_a_file_that_is_not_there_is_refused():
    """A missing pack is said by name."""
    with pytest.raises(Refused, match="statutory/wales") as caught:
        files.content("statutory/wales/codes.toml")
    assert caught.value.code == "pack-missing"
