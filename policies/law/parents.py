"""Who is a parent for the purposes of attendance (EA 1996 s.576), as far as a record can say."""

from datetime import date
from typing import Literal

from policies.packs.values import parameters

Liable = Literal["yes", "undetermined"]


def liable(
    parental_responsibility: str | None,
    care: str | None,
    relationship: str | None,
    on: date,
) -> Liable | None:
    """Tell whether somebody is a parent: yes, or not ruled out; None where ruled out on all three.

    The flags are ``yes``, ``no`` or None for not known. It is what the record says: who is liable
    is for a person to decide.
    """
    words = parameters().value("penalty_notices.parent_relationships", on).names
    named = (relationship or "").strip().casefold()
    if named in words or "yes" in (parental_responsibility, care):
        return "yes"
    if named and parental_responsibility == care == "no":
        return None
    return "undetermined"
