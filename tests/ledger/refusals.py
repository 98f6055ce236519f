"""What is refused, by its code."""

import pytest

from ledger.errors import Refused


def refused_with(code: str, match: str | None = None):
    """Expect a refusal of a code; ``match``: a pattern in what it says."""
    return pytest.raises(Refused, match=match, check=lambda refused: refused.code == code)
