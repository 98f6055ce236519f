"""The rules that decisions and answers are made under, as one value."""

from dataclasses import dataclass
from functools import cache

from policies.packs import files as packs
from policies.packs.codes import Codes, codes


@dataclass(frozen=True, slots=True)
class Rules:
    """The codes of the statute, and the digest of every pack in force."""

    codes: Codes
    digest: str


@cache
def rules() -> Rules:
    """Return the rules of this installation."""
    return Rules(codes(), packs.digest())
