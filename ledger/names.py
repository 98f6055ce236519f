"""Names as people write them: what is kept of one, when two are the same, which one was meant.

A name of a person, a group or a school enters the ledger through `name`, by a command or an
import alike; other texts through `text`. Two names that a reader cannot tell apart have one `key`.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import chain
from unicodedata import category, normalize

from ledger.errors import Refused

_JOINERS = "\u200c\u200d"
"""Invisible, and yet part of how a name is written in some scripts."""
_UNSEEN_MARGINS = "\ufeff\u200b\u2060"
_BLANKS = re.compile(r"\s+")
_OUTSIDE_NUMBERS = re.compile(r"(?<!\d) | (?!\d)")
_APOSTROPHES = "'`\u00b4\u02b9\u02bb\u02bc\u02bd\u2018\u2019\u201b\u2032\uff07"
_HYPHENS = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
_LIKE: dict[str, str | None] = {
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "æ": "ae", "œ": "oe", "þ": "th",
}  # fmt: skip
_SEARCHED = str.maketrans(_LIKE | dict.fromkeys(_APOSTROPHES, "'") | dict.fromkeys(_HYPHENS, " "))
_OFFERED = 3
"""How many names are offered for one that is not known."""


def text(given: str) -> str:
    """Return a text as it is kept: in Unicode's composed form (NFC), without its margins."""
    found = given.strip()
    return found if found.isascii() else normalize("NFC", found.strip(_UNSEEN_MARGINS).strip())


def tidy(given: str) -> str:
    """Return a name as it is kept: as a `text`, each blank one space, nothing invisible.

    Blanks are those of Unicode, the no-break space among them.
    """
    if not given.isascii():
        given = normalize("NFC", "".join(filter(_is_seen, given)))
    return _BLANKS.sub(" ", given).strip()


def _is_seen(character: str) -> bool:
    return category(character) != "Cf" or character in _JOINERS


def name(given: str) -> str:
    """Return a name as it is kept; refuse one that holds a line break or control character."""
    for character in given.strip():
        if category(character) in ("Cc", "Zl", "Zp"):
            what = "a line break" if character in "\n\r\u2028\u2029\x85" else "a control character"
            raise Refused(
                "name-control",
                f"{given!r} holds {what}",
                "write it on one line, with spaces only",
            )
    return tidy(given)


def key(given: str) -> str:
    """Return what two names share that differ only in case, blanks or form.

    A space between two digits counts: 1 12 is not 11 2.
    """
    folded = normalize("NFC", tidy(given).casefold())
    return _OUTSIDE_NUMBERS.sub("", folded.translate(dict.fromkeys(map(ord, _JOINERS))))


def search_key(given: str) -> str:
    """Return what is compared when somebody looks for a name.

    Without accents, apostrophes and joiners; hyphens are spaces.
    """
    return _BLANKS.sub(" ", folded(tidy(given)).replace("'", "")).strip()


def folded(given: str) -> str:
    """Return a text without case, accents and joiners, with one sign for all apostrophes.

    Hyphens are spaces; each letter becomes what it becomes by itself.
    """
    apart = normalize("NFKD", given.casefold())
    return "".join(c for c in apart if category(c) not in ("Mn", "Cf")).translate(_SEARCHED)


def without(given: str, found: re.Pattern[str], put: str) -> str:
    """Return a text with what a pattern finds in it, as `folded`, replaced."""
    places = [at for at, character in enumerate(given) for _ in folded(character)]
    parts, after = [], 0
    for match in found.finditer(folded(given)):
        parts += [given[after : places[match.start()]], put]
        after = places[match.end() - 1] + 1
        while after < len(given) and category(given[after]) == "Mn":
            after += 1
    return "".join([*parts, given[after:]])


def alike(one: object, other: object) -> bool:
    """Tell whether two values say the same: texts whatever their form and blanks."""
    if one == other or not (isinstance(one, str) and isinstance(other, str)):
        return one == other
    return tidy(one) == tidy(other)


def twins(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the names of each key that is written in several ways."""
    found: dict[str, list[str]] = {}
    for each in sorted(set(names)):
        found.setdefault(key(each), []).append(each)
    return {shared: written for shared, written in found.items() if len(written) > 1}


def same(wanted: str, known: Iterable[str]) -> list[str]:
    """Return the known names that differ from one in case, blanks or form at most."""
    shared = key(wanted)
    return sorted(each for each in set(known) if key(each) == shared)


def near(wanted: str, known: Iterable[str]) -> list[str]:
    """Return known names that may be meant by one that is not known, the likeliest first."""
    written = {search_key(each): each for each in sorted(set(known))}
    asked, rank = search_key(wanted), year_group_rank(wanted)
    years = [
        each for each in written.values() if rank is not None and rank == year_group_rank(each)
    ]
    holding = [written[each] for each in written if asked and (asked in each or each in asked)]
    close = [written[each] for each in get_close_matches(asked, written, _OFFERED, 0.5)]
    return [*dict.fromkeys(chain(years, close, holding))][:_OFFERED]


_ASIDE, _PROGRAM = "\u2060", "attendance "


def as_written(text: str) -> str:
    """Return what somebody wrote, to stand in a text of ours: no command is suggested by it.

    Where it reads like a command a sign that is not seen sets it aside; `shown` takes it away.
    """
    return text.replace(_PROGRAM, f"{_PROGRAM[:-1]}{_ASIDE} ")


def shown(text: str) -> str:
    """Return a text as it is read, without what `as_written` set aside by."""
    return text.replace(f"{_PROGRAM[:-1]}{_ASIDE} ", _PROGRAM)


def offered(found: Iterable[str], otherwise: str) -> str:
    """Return a remedy: which names may have been meant, if any, and what to do if none was."""
    quoted = " or ".join(as_written(repr(each)) for each in found)
    return f"did you mean {quoted}? If not: {otherwise}" if quoted else otherwise


# The order of year groups, where their names tell it.

_NUMBERED = re.compile(r"(?:national curriculum year|year|yr|ncy|y)?\s*(\d{1,2})", re.IGNORECASE)
_NAMED = re.compile(r"(?:year|yr|y)?\s*(reception|r|nursery|n)\d?", re.IGNORECASE)
_RECEPTION, _NURSERY = 0, -1


def year_group_rank(name: str) -> int | None:
    """Return a year group's place: Year 7 is 7, reception 0, nursery -1; none: not known."""
    text = name.strip()
    if found := _NUMBERED.fullmatch(text):
        return int(found[1])
    if found := _NAMED.fullmatch(text):
        return _RECEPTION if found[1][0] in "rR" else _NURSERY
    return None
