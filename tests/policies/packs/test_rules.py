"""The rules of this installation as one value."""

from policies.packs import files
from policies.packs.codes import codes, rules


def test_the_rules_are_the_statutory_codes_and_the_digest_of_all_packs():
    """What a decision was made under can be named by one value."""
    assert rules().codes is codes()
    assert rules().digest == files.digest()
