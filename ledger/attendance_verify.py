"""Check a school's attendance ledger without its software: this file and `cryptography` suffice.

It takes a ledger (its folder or ``ledger.db``), a stretch of one (``attendance export stretch``)
or the proof of one entry (``attendance prove``), and works offline. It was written from the
specification in ``ledger/FORMATS.md`` and shares no code with what it checks.

Exit status: 0 all agrees, 3 a difference was found, 1 not readable or missing, 2 wrong usage.
"""

import argparse
import binascii
import hashlib
import json
import os
import re
import sqlite3
import struct
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

AGREES, UNREADABLE, USAGE, DIFFERS = 0, 1, 2, 3
_ENOUGH, _LAYOUT = 100, 2
_HASH, _KEY_ID, _STAMP = 32, 4, 8
_ORIGIN = "attendance-ledger/"
_LEAF = b"attendance-ledger/leaf/v1\n"
_PROOF = "c2sp.org/tlog-proof@v1"
_STRETCH = "attendance-ledger/stretch/v1"
_SQLITE = b"SQLite format 3\x00"
_PLAIN, _TIMED = 1, 4
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_LARGEST = 2**63 - 1
_LAST_SECOND = 7_258_118_400
"""2200-01-01: no cosignature is from then or later."""
_SCHEMA = "ecfcfaf9779208e07b465df4fc864b6766e466bae3b42ce508e5964368ff2b19"
"""SHA-256 of the statements that make a ledger's tables and triggers."""
_MOST_BYTES, _STEP = 1 << 30, 1_000_000
"""No file of text is larger; so many steps of the database lie between two counts of them."""
_LONGEST_VALUE = 1 << 26
_TILE, _KEYS = 256, 2
_DAMAGED = (sqlite3.Error, UnicodeDecodeError)
"""What reading a damaged database raises: its words for it may be no text either."""
_WHOLE = "it was altered in transit, or not copied whole"
_COLUMNS = {
    "stored_events": {
        "position": "integer",
        "originator_id": "text",
        "originator_version": "integer",
        "topic": "text",
        "state": "blob",
    },
    "checkpoints": {"size": "integer", "note": "text"},
    "cosignatures": {"size": "integer", "line": "text"},
    "timestamps": {"size": "integer", "token": "blob"},
    "tree_edge": {"one": "integer", "size": "integer", "hashes": "blob"},
    "hash_tiles": {"n": "integer", "hashes": "blob"},
}


class Unreadable(Exception):  # noqa: N818 - it is no error of this program's
    """What was given is missing, or is nothing that can be checked; the message says why."""


# -- texts, numbers, hashes --------------------------------------------------------------------


def _bytes_of(text: str) -> bytes:
    """Read base64 in its one canonical form."""
    try:
        raw = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not raw or b64encode(raw).decode() != text:
        raise Unreadable(f"{_quoted(text)} is not base64")
    return raw


def _hash_of(text: str) -> bytes:
    raw = _bytes_of(text)
    if len(raw) != _HASH:
        raise Unreadable(f"{_quoted(text)} is not a hash of 32 bytes")
    return raw


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > _LARGEST:
        raise Unreadable(f"{_quoted(text)} is not a whole number")
    return int(text)


def _shown(value: str | bytes, most: int = 120) -> str:
    """Return a text from the outside as it can be printed safely, and not too long."""
    text = value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
    safe = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return safe if len(safe) <= most else safe[:most] + "…"


def _quoted(text: str) -> str:
    return f'"{_shown(text)}"'


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


class _Peaks:
    """The complete subtrees that the leaves so far make, the largest first."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        heights = [h for h in reversed(range(size.bit_length())) if size >> h & 1]
        self.size = size
        self.peaks = list(zip(heights, hashes, strict=True))

    def add(self, leaf: bytes) -> None:
        height = 0
        while self.peaks and self.peaks[-1][0] == height:
            leaf = _node(self.peaks.pop()[1], leaf)
            height += 1
        self.peaks.append((height, leaf))
        self.size += 1

    def root(self) -> bytes:
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        *others, (_, found) = self.peaks
        for _, left in reversed(others):
            found = _node(left, found)
        return found


def _middle(low: int, high: int) -> int:
    """Return where RFC 6962 divides the leaves from ``low`` to before ``high``."""
    return low + (1 << (high - low - 1).bit_length() - 1)


# -- keys, notes, checkpoints ------------------------------------------------------------------


class Key(NamedTuple):
    """A public key: its name, which kind of signature it makes, its 32 bytes."""

    name: str
    kind: int
    raw: bytes

    @property
    def id(self) -> bytes:
        """The four bytes that name it in a signature line."""
        named = self.name.encode() + b"\n" + bytes([self.kind]) + self.raw
        return hashlib.sha256(named).digest()[:_KEY_ID]

    def made(self, signature: bytes, message: bytes) -> bool:
        """Tell whether a signature over a message is this key's."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class Note(NamedTuple):
    """A signed note that holds a checkpoint; ``signatures``: name, key id, bytes."""

    text: str
    origin: str
    size: int
    root: bytes
    signatures: tuple[tuple[str, bytes, bytes], ...]


class Signed(NamedTuple):
    """What a key says of a checkpoint: whether its signature is good, and a witness's time."""

    good: bool
    seconds: int = 0


def read_key(text: str) -> Key:
    """Read a key as it is handed out: ``NAME+ID+BASE64``."""
    name, _, rest = text.partition("+")
    key_id, _, body = rest.partition("+")
    raw = _bytes_of(body) if body else b"\x00"
    found = Key(name, raw[0], raw[1:])
    if not name or " " in name or len(found.raw) != _HASH or found.kind not in (_PLAIN, _TIMED):
        raise Unreadable("it is not a public key: NAME+ID+BASE64")
    if found.id.hex() != key_id:
        raise Unreadable("the id in the public key is not that of its bytes")
    return found


def read_note(written: str) -> Note:
    """Read a checkpoint with its signatures."""
    text, blank, below = written.rpartition("\n\n")
    lines = below.split("\n")
    if not blank or lines.pop() or not lines or _controls(written):
        raise Unreadable(f"a checkpoint's signed note is broken: {_WHOLE}")
    body = text.split("\n")
    least = 3
    if len(body) < least or not body[0] or body[0] != body[0].strip():
        raise Unreadable(f"a signed note is not a checkpoint (origin, size, root): {_WHOLE}")
    signatures = tuple(_signature(line) for line in lines)
    return Note(text + "\n", body[0], _number(body[1]), _hash_of(body[2]), signatures)


def _controls(written: str) -> bool:
    return any(c < " " and c != "\n" for c in written)


def _signature(line: str) -> tuple[str, bytes, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, body = rest.partition(" ")
    try:
        raw = _bytes_of(body)
    except Unreadable:
        raw = b""
    if dash != "\N{EM DASH}" or not name or "+" in name or len(raw) <= _KEY_ID:
        raise Unreadable(f"{_quoted(line)} is not a signature line: {_WHOLE}")
    return name, raw[:_KEY_ID], raw[_KEY_ID:]


def signed_by(key: Key, note: Note) -> Signed | None:
    """Return what a key's signature beneath a note is worth; none where there is none."""
    found = None
    for name, key_id, signature in note.signatures:
        if (name, key_id) == (key.name, key.id):
            found = _checked(key, note.text, signature)
            if not found.good:
                return found
    return found


def _checked(key: Key, text: str, signature: bytes) -> Signed:
    if key.kind == _PLAIN:
        return Signed(key.made(signature, text.encode()))
    seconds = int.from_bytes(signature[:_STAMP], "big")
    message = f"cosignature/v1\ntime {seconds}\n{text}".encode()
    good = seconds < _LAST_SECOND and key.made(signature[_STAMP:], message)
    return Signed(good, seconds)


# -- entries -----------------------------------------------------------------------------------


class Entry(NamedTuple):
    """An entry of the log, as its leaf has it."""

    position: int
    stream: bytes
    version: int
    name: bytes
    state: bytes

    @property
    def leaf(self) -> bytes:
        """The bytes that are hashed."""
        fields = (self.stream, b"%d" % self.version, self.name, self.state)
        parts = [part for field in fields for part in (len(field).to_bytes(4, "big"), field)]
        return b"".join([_LEAF, self.position.to_bytes(8, "big"), *parts])


def read_leaf(leaf: bytes) -> Entry:
    """Take a leaf apart."""
    try:
        (position,) = struct.unpack_from(">Q", leaf, len(_LEAF))
        fields, at = [], len(_LEAF) + 8
        for _ in range(4):
            (length,) = struct.unpack_from(">I", leaf, at)
            fields.append(leaf[at + 4 : at + 4 + length])
            at += 4 + length
    except struct.error:
        raise Unreadable(f"a leaf ends too early: {_WHOLE}") from None
    stream, version, name, state = fields
    found = Entry(position, stream, _number(version.decode("latin-1")), name, state)
    if found.leaf != leaf:
        raise Unreadable("a leaf is not written as the specification says")
    return found


class _Once(dict[str, Any]):
    """The fields of a JSON object, each named once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        if len(self) != len(pairs):
            msg = "a field is named twice"
            raise ValueError(msg)


def _no_number(word: str) -> None:
    msg = f"{word} is no number of JSON"
    raise ValueError(msg)


_decoder = json.JSONDecoder(object_pairs_hook=_Once, parse_constant=_no_number)


def _body(entry: Entry) -> dict[str, Any] | None:
    """Return what an entry says; none where it is not one JSON object."""
    try:
        found = _decoder.decode(entry.state.decode("utf-8"))
        if b"\\u" in entry.state:
            json.dumps(found, ensure_ascii=False).encode("utf-8")  # not with half a surrogate
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _whole_numbers(body: dict[str, Any], names: Sequence[str]) -> list[int] | None:
    """Return the fields of some names; none where one of them is no integer."""
    found = [each for name in names if type(each := body.get(name)) is int]
    return found if len(found) == len(names) else None


class Adopted(NamedTuple):
    """A key that the ledger took, with the signature of the one before over both."""

    position: int
    key: str
    signature: str | None


class WrongClock(NamedTuple):
    """What an entry says of a clock: which entries it stamped, between which instants they lie."""

    position: int
    first: int
    last: int
    earliest: int
    latest: int


class Stamp(NamedTuple):
    """A transaction: its first and last entry, and what the clock read."""

    first: int
    last: int
    reading: int


class Stamped(NamedTuple):
    """The transactions that one wrong clock stamped, and what is said of it."""

    wrong: WrongClock
    stamps: list[Stamp]


class Times(NamedTuple):
    """When the first and the last transaction were recorded, and which clocks were wrong."""

    first: int
    last: int
    wrong: list[Stamped]


def _times(stamps: Sequence[Stamp], known: Sequence[WrongClock]) -> Times | None:
    """Return when transactions were recorded; of a wrong clock the newest correction counts."""
    if not stamps:
        return None
    found: dict[WrongClock | None, list[Stamp]] = {}
    covering = [_covering(stamp, known) for stamp in stamps]
    for stamp, wrong in zip(stamps, covering, strict=True):
        found.setdefault(wrong, []).append(stamp)
    return Times(
        covering[0].earliest if covering[0] else stamps[0].reading,
        covering[-1].latest if covering[-1] else stamps[-1].reading,
        [Stamped(wrong, inside) for wrong, inside in found.items() if wrong],
    )


def _covering(stamp: Stamp, known: Sequence[WrongClock]) -> WrongClock | None:
    return next((w for w in reversed(known) if w.first <= stamp.first <= w.last), None)


class Problem(NamedTuple):
    """What is wrong, and with which entry where it is one."""

    position: int | None
    what: str


_Turns = list[tuple[int, bool]]
"""At which positions a witness was trusted (True) or dropped."""


class _Entries:
    """Takes entries in order and holds each against those before it.

    ``whole``: from the first entry on; otherwise what began earlier is unknown.
    """

    def __init__(self, problems: "_Problems", *, whole: bool) -> None:
        self._problems, self._whole = problems, whole
        self._versions: dict[bytes, int] = {}
        self._until: int | None = 0 if whole else None
        self._at = 0
        self._stamps: list[Stamp] = []
        self._wrong: list[WrongClock] = []
        self.adopted: list[Adopted] = []
        self.witnesses: dict[str, _Turns] = {}
        self.born: str | None = None

    @property
    def until(self) -> int | None:
        """Where the transaction ends that began last; none where that is unknown."""
        return self._until

    @property
    def times(self) -> Times | None:
        """When the transactions were recorded, by the clock and what is said of it."""
        return _times(self._stamps, self._wrong)

    def take(self, entry: Entry) -> None:
        position = entry.position
        expected = self._versions.get(entry.stream, 0 if self._whole else entry.version)
        if entry.version != expected:
            what = f"version {expected + 1} of {_shown(entry.stream)} was expected"
            self._problems.add(position, f"{what}, {entry.version + 1} found")
        self._versions[entry.stream] = entry.version + 1
        body = _body(entry)
        if body is None:
            self._problems.add(position, f"{_shown(entry.name)} is not one JSON object")
            body = {}
        if entry.stream == b"commits":
            self._header(position, entry.name, body)
        elif self._until is not None and position > self._until:
            self._problems.add(position, "it belongs to no transaction")
            self._until = position
        self._told(entry, body)

    def _header(self, position: int, name: bytes, body: dict[str, Any]) -> None:
        if self._until is not None and position <= self._until:
            what = f"a transaction begins inside another, which ends at {self._until}"
            self._problems.add(position, what)
        told = _whole_numbers({"raw_at": body.get("at")} | body, ("at", "raw_at", "count"))
        if name != b"Committed.v1" or told is None or told[-1] < 0:
            self._problems.add(position, "it is not a transaction's header, but stands for one")
            told = [self._at, self._at, 0]
        at, reading, count = told
        if at < self._at:
            self._problems.add(position, "its time is before that of the transaction before it")
        self._at = max(self._at, at)
        self._until = position + count
        self._stamps.append(Stamp(position, self._until, reading))

    def _told(self, entry: Entry, body: dict[str, Any]) -> None:
        """Take what the log says of itself: its birth, its keys, whom it trusts."""
        match entry.stream, entry.name, body:
            case b"ledger", b"LedgerCreated.v1", _:
                self._birth(entry.position, body)
            case b"ledger", b"KeyAdopted.v1", _:
                key, signature = body.get("key"), body.get("signature")
                known = signature if isinstance(signature, str) else None
                text = key if isinstance(key, str) else ""
                self.adopted.append(Adopted(entry.position, text, known))
            case b"witness:school", b"WitnessTrusted.v1" | b"WitnessTrusted.v2", {"key": str(key)}:
                self.witnesses.setdefault(key, []).append((entry.position, True))
            case b"witness:school", b"WitnessDropped.v1" | b"WitnessDropped.v2", {"key": str(key)}:
                self.witnesses.setdefault(key, []).append((entry.position, False))
            case b"clock:school", b"ClockCorrected.v1" | b"ClockCorrected.v2", _:
                self._correction(entry.position, body)
            case _:
                pass

    def _correction(self, position: int, body: dict[str, Any]) -> None:
        told = _whole_numbers(body, WrongClock._fields[1:])
        if told is not None:
            self._wrong.append(WrongClock(position, *told))

    def _birth(self, position: int, body: dict[str, Any]) -> None:
        if self.born is not None:
            self._problems.add(position, "the ledger is born a second time")
        elif type(body.get("ledger_id")) is not str or type(body.get("layout")) is not int:
            self._problems.add(position, "the ledger's birth names no ledger_id or layout")
        else:
            self.born = body["ledger_id"]

    def check_origin(self, origin: str) -> None:
        """Hold the log's name against the ledger whose birth it records, which must be known."""
        if self.born is None or _ORIGIN + self.born != origin:
            what = "the log's name is not that of the ledger whose birth it records"
            self._problems.add(None, what)


class _Problems:
    """What was found to be wrong; after a hundred, no more is kept."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def add(self, position: int | None, what: str) -> None:
        if len(self.found) < _ENOUGH:
            self.found.append(Problem(position, what))


# -- what is asked, what is found --------------------------------------------------------------


class Outside(NamedTuple):
    """What the person who asks holds: the ledger's key, witnesses' keys, kept checkpoints."""

    key: Key | None = None
    witnesses: tuple[Key, ...] = ()
    kept: tuple[tuple[str, Note], ...] = ()
    every: bool = False


class Seen(NamedTuple):
    """A witness saw the first ``position`` entries; ``given``: its key is from outside."""

    position: int
    seconds: int
    by: str
    given: bool


class Report(NamedTuple):
    """The outcome; ``kind``: ledger, stretch or proof; ``signed``: by whose word it is so."""

    kind: str
    first: int
    last: int
    note: Note | None
    signed: str
    seen: list[Seen]
    continued: list[tuple[str, int]]
    problems: list[Problem]
    entry: Entry | None = None
    times: Times | None = None


_GIVEN, _OWN, _NOBODY, _BAD = (
    "by the key given, or its successor",
    "by a key that only the file itself names",
    "not checked: no key was given",
    "NOT the ledger's",
)


def _ledger_key(text: str) -> Key:
    key = read_key(text)
    if key.kind != _PLAIN:
        raise Unreadable("it is not the key of a ledger")
    return key


def _witness_key(text: str) -> Key:
    key = read_key(text)
    if key.kind != _TIMED:
        raise Unreadable("it is not the key of a witness")
    return key


def _chain(adopted: Sequence[Adopted], problems: _Problems) -> list[tuple[int, Key]]:
    """Return the keys that the ledger took, each from its position on; the one before signed."""
    found: list[tuple[int, Key]] = []
    before: str | None = None
    for position, text, signature in adopted:
        try:
            key = _ledger_key(text)
            if found and found[0][1].name != key.name:
                problems.add(position or None, f"this key is of another log: {_shown(key.name)}")
            if before is not None:
                message = f"attendance-ledger/key/v1\n{before}\n{text}\n".encode()
                if not found[-1][1].made(_bytes_of(signature or ""), message):
                    problems.add(position or None, "the key before it did not sign this key")
        except Unreadable as broken:
            problems.add(position or None, f"the change of key is broken: {broken}")
            continue
        found.append((position, key))
        before = text
    return found


def _signer(keys: Sequence[tuple[int, Key]], given: Key | None, problems: _Problems) -> str:
    """Return by whose word the ledger's keys are its own."""
    if given is None:
        return _OWN if keys else _NOBODY
    if given not in [key for _, key in keys]:
        problems.add(None, f"it was never signed by the key given ({given.id.hex()})")
        return _BAD
    return _GIVEN


def _seen(
    notes: Iterable[Note], outside: Outside, named: dict[str, _Turns], problems: _Problems
) -> list[Seen]:
    """Return which witnesses saw which checkpoint; ``named``: those that the ledger trusts."""
    witnesses: dict[Key, _Turns] = {key: [] for key in outside.witnesses}
    own: dict[Key, _Turns] = {}
    for text, turns in named.items():
        try:
            own[_witness_key(text)] = turns
        except Unreadable as broken:
            problems.add(None, f"a witness that the ledger names is broken: {broken}")
    found = []
    for note in notes:
        for key, turns in {**own, **witnesses}.items():
            signed = signed_by(key, note)
            counts = next((on for since, on in reversed(turns) if since <= note.size), True)
            if signed is None or not counts:
                continue
            if signed.good:
                found.append(Seen(note.size, signed.seconds, key.name, key in witnesses))
            else:
                what = f"the cosignature by {_shown(key.name)} is not of this checkpoint"
                problems.add(note.size, what)
    if witnesses and not any(each.given for each in found):
        problems.add(None, "no witness that you gave has signed a checkpoint in it: ask for one")
    return found


# -- the proof of one entry --------------------------------------------------------------------


def check_proof(written: str, outside: Outside) -> Report:
    """Check a C2SP tlog-proof."""
    head, blank, below = written.partition("\n\n")
    lines = head.split("\n")
    least = 3
    if not blank or len(lines) < least or not lines[1].startswith("extra "):
        raise Unreadable(f"the proof is broken: {_WHOLE}")
    if not lines[2].startswith("index "):
        raise Unreadable("the proof does not say which entry it is of")
    leaf, index = _bytes_of(lines[1][6:]), _number(lines[2][6:])
    hashes, note, entry = [_hash_of(line) for line in lines[3:]], read_note(below), read_leaf(leaf)
    problems = _Problems()
    if entry.position != index + 1:
        problems.add(entry.position, f"its proof is of entry {index + 1}")
    if _root_above(leaf, index, note.size, hashes) != note.root:
        problems.add(entry.position, "it does not lead to the root that the checkpoint names")
    if _body(entry) is None:
        problems.add(entry.position, f"{_shown(entry.name)} is not one JSON object")
    signed = _NOBODY
    if outside.key is not None:
        signed = _GIVEN if _must_sign(outside.key, note, problems) else _BAD
    seen = _seen([note], outside, {}, problems)
    continued = _continued(outside.kept, note.origin, {note.size: note.root}, problems)
    return Report(
        "proof", index + 1, index + 1, note, signed, seen, continued, problems.found, entry
    )


def _root_above(leaf: bytes, index: int, size: int, hashes: list[bytes]) -> bytes | None:
    """Return the root that a proof leads to, by RFC 6962's own definition of the path."""
    if index >= size:
        return None
    rights: list[bool] = []
    low, high = 0, size
    while high - low > 1:
        middle = _middle(low, high)
        rights.append(index < middle)
        low, high = (low, middle) if index < middle else (middle, high)
    if len(rights) != len(hashes):
        return None
    found = _leaf_hash(leaf)
    for sibling, right in zip(hashes, reversed(rights), strict=True):
        found = _node(found, sibling) if right else _node(sibling, found)
    return found


def _must_sign(key: Key, note: Note, problems: _Problems) -> bool:
    signed = signed_by(key, note)
    if signed is not None and signed.good and note.origin == key.name:
        return True
    what = f"the checkpoint of {note.size} entries is not signed by the ledger's key"
    problems.add(None, f"{what} ({key.id.hex()})")
    return False


def _newest_signs(keys: Sequence[Key], note: Note, problems: _Problems) -> bool:
    """Tell whether the last of the keys signed, and no other's signature there is bad."""
    good = _must_sign(keys[-1], note, problems)
    for key in keys[:-1]:
        signed = signed_by(key, note)
        if signed is not None and not signed.good:
            what = f"the signature by {key.id.hex()} is not of this checkpoint"
            problems.add(note.size, what)
            good = False
    return good


def _continued(
    kept: Sequence[tuple[str, Note]], origin: str, roots: dict[int, bytes], problems: _Problems
) -> list[tuple[str, int]]:
    """Compare with checkpoints kept outside; return those that are continued, with their sizes.

    ``roots``: those known, by size; the largest size is that of the log.
    """
    found, last = [], max(roots)
    for name, (_, of, size, root, _) in kept:
        if of != origin:
            problems.add(None, f"{name} is of another log: {_shown(of)}")
        elif size > last:
            what = f"{name} is of {size} entries, this log has {last}"
            problems.add(None, f"{what}: it was rolled back or cut short")
        elif size in roots and roots[size] != root:
            what = f"entries 1 to {size} are not those of {name}"
            problems.add(None, f"{what}: the history was rewritten")
        elif size in roots:
            found.append((name, size))
        elif not problems.found:
            raise Unreadable(
                f"{name} is of {size} entries, about which this file says nothing: ask for "
                f"attendance export stretch --from-position {size + 1}"
            )
    return found


# -- a stretch ---------------------------------------------------------------------------------


class _Stretch(NamedTuple):
    """A stretch as its file has it."""

    first: int
    last: int
    keys: list[Adopted]
    hashes: list[bytes]
    leaves: list[bytes]
    note: Note


def _read_stretch(written: str) -> _Stretch:
    head, blank, below = written.partition("\n\n")
    if not blank:
        raise Unreadable(f"the stretch is broken: {_WHOLE}")
    parts: dict[str, list[str]] = {word: [] for word in _WORDS}
    order = []
    for line in head.split("\n")[1:]:
        word, _, rest = line.partition(" ")
        if word not in parts:
            raise Unreadable(f"{_quoted(line)} does not belong into a stretch")
        parts[word].append(rest)
        order.append(_WORDS.index(word))
    once = [len(parts["first"]), len(parts["last"])]
    if once != [1, 1] or order != sorted(order):
        raise Unreadable(f"the stretch is broken: {_WHOLE}")
    first, last = _number(parts["first"][0]), _number(parts["last"][0])
    leaves, note = [_bytes_of(each) for each in parts["leaf"]], read_note(below)
    if not 1 <= first <= last <= note.size or len(leaves) != last - first + 1:
        raise Unreadable(f"the stretch does not hold entries {first} to {last}: {_WHOLE}")
    keys = [_adopted(each) for each in parts["key"]]
    if keys and keys[0].signature is not None:
        raise Unreadable("the first key of a stretch has no signature")
    return _Stretch(first, last, keys, [_hash_of(h) for h in parts["hash"]], leaves, note)


_WORDS = ["first", "last", "key", "hash", "leaf"]


def _adopted(rest: str) -> Adopted:
    key, blank, signature = rest.partition(" ")
    if blank and not signature:
        raise Unreadable(f"a line of the stretch ends in a blank: {_WHOLE}")
    return Adopted(0, key, signature or None)


def check_stretch(written: str, outside: Outside) -> Report:
    """Check a stretch of a ledger: its entries among each other, and under its checkpoint."""
    stretch, problems = _read_stretch(written), _Problems()
    note, first = stretch.note, stretch.first
    entries = _Entries(problems, whole=first == 1)
    for position, leaf in enumerate(stretch.leaves, first):
        entry = read_leaf(leaf)
        if entry.position != position:
            problems.add(position, f"entry {entry.position} stands in its place")
        entries.take(entry)
    hashes = [_leaf_hash(leaf) for leaf in stretch.leaves]
    root, left = _root_around(stretch, hashes)
    if root != note.root:
        problems.add(None, "the entries do not lead to the root that the checkpoint names")
    if entries.born is not None:
        entries.check_origin(note.origin)
    signed = _signed_stretch(stretch, entries.adopted, outside.key, problems)
    seen = _seen([note], outside, entries.witnesses, problems)
    roots = {note.size: note.root}
    if root == note.root:
        roots |= _roots_along(first - 1, left, hashes, {kept.size for _, kept in outside.kept})
    continued = _continued(outside.kept, note.origin, roots, problems)
    return Report(
        "stretch",
        first,
        stretch.last,
        note,
        signed,
        seen,
        continued,
        problems.found,
        times=entries.times,
    )


def _signed_stretch(
    stretch: _Stretch, adopted: Sequence[Adopted], given: Key | None, problems: _Problems
) -> str:
    """Return by whose word a stretch's checkpoint is so; ``adopted``: keys among its entries."""
    named = [each[1:] for each in stretch.keys]
    for position, *key in adopted:
        if tuple(key) not in named:
            problems.add(position, "the key that it adopts is not among the stretch's keys")
    keys = _chain(stretch.keys, problems)
    if not keys:
        problems.add(None, "the stretch names no key")
        return _NOBODY
    signed = _signer(keys, given, problems)
    good = _newest_signs([key for _, key in keys], stretch.note, problems)
    return signed if good else _BAD


def _root_around(stretch: _Stretch, leaves: list[bytes]) -> tuple[bytes | None, list[bytes]]:
    """Return the root over everything, and the hashes that stand to the left of the stretch.

    The tree is walked from its root as RFC 6962 divides it, left before right: what holds no
    entry of the stretch is the next hash given, everything else is computed.
    """
    given = iter(stretch.hashes)
    low, high = stretch.first - 1, stretch.last
    left: list[bytes] = []

    def walk(start: int, end: int) -> bytes:
        if end <= low:
            left.append(next(given))
            return left[-1]
        if start >= high:
            return next(given)
        if end - start == 1:
            return leaves[start - low]
        middle = _middle(start, end)
        before = walk(start, middle)
        return _node(before, walk(middle, end))

    try:
        root = walk(0, stretch.note.size)
    except StopIteration:
        return None, left
    return (None if next(given, None) else root), left


def _roots_along(
    before: int, left: list[bytes], leaves: list[bytes], wanted: set[int]
) -> dict[int, bytes]:
    """Return the roots of the sizes wanted, as far as a stretch gives them."""
    peaks, found = _Peaks(before, left), {}
    for leaf in [None, *leaves]:
        if leaf is not None:
            peaks.add(leaf)
        if peaks.size in wanted:
            found[peaks.size] = peaks.root()
    return found


# -- a whole ledger ----------------------------------------------------------------------------


def check_ledger(path: Path, outside: Outside) -> Report:
    """Check a ledger's database."""
    problems = _Problems()
    try:
        db = _opened(path)
    except sqlite3.Error as error:
        raise Unreadable(f"{path} cannot be read: {error}") from None
    with closing(db):
        ledger = _Ledger(db, outside, problems)
        try:
            _bound(db, path)
            if not _has_its_schema(db, path, problems):
                return ledger.report()
            return ledger.check()
        except _DAMAGED as error:
            problems.add(None, f"the database is damaged: {error}")
            return ledger.report()


def _opened(path: Path) -> sqlite3.Connection:
    """Open the database to read; texts are taken as bytes, as they lie in the file."""
    name = path.resolve().as_uri() + "?mode=ro"
    if not os.access(path.parent, os.W_OK):
        for suffix in ("-wal", "-journal"):
            waiting = path.with_name(path.name + suffix)
            if waiting.is_file() and waiting.stat().st_size:
                what = f"{waiting} is not empty: copy the folder to where it can be written"
                raise Unreadable(what)
        name += "&immutable=1"
    db = sqlite3.connect(name, uri=True, isolation_level=None)
    db.text_factory = bytes
    return db


def _bound(db: sqlite3.Connection, path: Path) -> None:
    """Let nothing in the file call what could do harm, nor take more than its size warrants."""
    db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_VALUE)
    db.execute("PRAGMA trusted_schema=OFF")
    db.execute("PRAGMA cell_size_check=ON")
    most, steps = 100 + path.stat().st_size * 20 // _STEP, count()
    db.set_progress_handler(lambda: next(steps) > most, _STEP)


def _has_its_schema(db: sqlite3.Connection, path: Path, problems: _Problems) -> bool:
    """Tell whether tables, triggers and indexes are those of a ledger; any other may be a program.

    Looked at before anything else: what is not as specified is not read at all.
    """
    try:
        db.execute("BEGIN")
        (layout,) = db.execute("PRAGMA user_version").fetchone()
        listed = "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
        rows = db.execute(listed).fetchall()
    except _DAMAGED as error:
        raise Unreadable(f"{path} cannot be read: {error}") from None
    if layout != _LAYOUT:
        raise Unreadable(f"{path} has layout {layout}, this program knows {_LAYOUT}")
    made = b"\n".join(sorted(b" ".join(sql.split()) for _, _, sql in rows))
    if hashlib.sha256(made).hexdigest() == _SCHEMA:
        return True
    what = "its tables, triggers and indexes are not those of a ledger"
    names = [_shown(b"%s %s" % row[:2]) for row in rows if not _is_usual(*row[:2])]
    problems.add(None, f"{what}{': ' if names else ''}{', '.join(names[:5])}; no more was read")
    return False


def _is_usual(kind: bytes, name: bytes) -> bool:
    """Tell whether something in a database has a name that a ledger has."""
    table = name.decode("latin-1").partition("_no_")[0]
    return table in _COLUMNS and kind == (b"table" if table.encode() == name else b"trigger")


class _Ledger:
    """One pass over a ledger's entries in order."""

    def __init__(self, db: sqlite3.Connection, outside: Outside, problems: _Problems) -> None:
        self._db, self._outside, self._problems = db, outside, problems
        self._entries = _Entries(problems, whole=True)
        self._peaks = _Peaks()
        self._ends: list[int] = []
        self._roots: dict[int, bytes] = {}
        self._notes: dict[int, Note] = {}
        self._own: dict[int, int] = {}
        self._seen: list[Seen] = []
        self._signed, self._continued = _NOBODY, list[tuple[str, int]]()

    def check(self) -> Report:
        for (said,) in self._db.execute("PRAGMA integrity_check(5)"):
            if said != b"ok":
                self._problems.add(None, f"the database is damaged: {_shown(said)}")
        if not self._typed():
            return self.report()
        wanted = self._read_notes() | {kept.size for _, kept in self._outside.kept}
        self._roots[0] = self._peaks.root()
        kept = self._kept_hashes()
        for row in self._db.execute(f"SELECT {', '.join(_COLUMNS['stored_events'])} "  # noqa: S608
                                    "FROM stored_events ORDER BY position"):  # fmt: skip
            self._take(Entry(*row), next(kept, b""))
            if self._peaks.size in wanted:
                self._roots[self._peaks.size] = self._peaks.root()
        self._check_end(sum(1 for _ in kept))
        self._check_checkpoints()
        return self.report()

    def _typed(self) -> bool:
        """Tell whether every value is of the kind that its column has."""
        good = True
        for table, columns in _COLUMNS.items():
            other = " OR ".join(f"typeof({name}) <> '{kind}'" for name, kind in columns.items())
            rows = self._db.execute(f"SELECT 1 FROM {table} WHERE {other} LIMIT 1")  # noqa: S608
            if rows.fetchone():
                self._problems.add(None, f"the table {table} holds what is not of its kind")
                good = False
        return good

    def report(self) -> Report:
        size = self._peaks.size
        return Report(
            "ledger",
            1,
            size,
            self._notes[max(self._notes)] if self._notes else None,
            self._signed,
            self._seen,
            self._continued,
            self._problems.found,
            times=self._entries.times,
        )

    def _read_notes(self) -> set[int]:
        """Read every checkpoint, with the cosignatures kept of it; return their sizes."""
        sizes = set()
        for size, written in self._db.execute("SELECT size, note FROM checkpoints ORDER BY size"):
            sizes.add(size)
            try:
                self._notes[size] = note = _note_of(written)
                self._own[size] = len(note.signatures)
            except Unreadable as broken:
                self._problems.add(size, f"its checkpoint cannot be read: {broken}")
        for size, line in self._db.execute("SELECT size, line FROM cosignatures ORDER BY 1, 2"):
            self._add_line(size, line)
        for size, token in self._db.execute("SELECT size, token FROM timestamps ORDER BY size"):
            stamped = self._notes.get(size)
            if stamped is None or not _is_stamp(token, stamped.text.encode()):
                self._problems.add(size, "a timestamp is of no checkpoint that is kept here")
        return sizes

    def _add_line(self, size: int, line: bytes) -> None:
        note = self._notes.get(size)
        if note is None:
            self._problems.add(size, "a cosignature is of no checkpoint")
            return
        try:
            more = _cosignature(note, line)
        except Unreadable as broken:
            self._problems.add(size, f"a cosignature cannot be read: {broken}")
            return
        self._notes[size] = note._replace(signatures=(*note.signatures, more))

    def _kept_hashes(self) -> Iterator[bytes]:
        short = False
        for n, (place, hashes) in enumerate(
            self._db.execute("SELECT n, hashes FROM hash_tiles ORDER BY n")
        ):
            if n != place:
                self._problems.add(None, f"tile {n} of the leaf hashes is missing")
            if short or len(hashes) not in range(_HASH, _TILE * _HASH + 1, _HASH):
                self._problems.add(None, f"tile {n} of the leaf hashes is more than the entries")
            short = len(hashes) < _TILE * _HASH
            for cut in range(0, len(hashes), _HASH):
                yield hashes[cut : cut + _HASH]

    def _take(self, entry: Entry, kept: bytes) -> None:
        expected = self._peaks.size + 1
        if entry.position != expected:
            self._problems.add(entry.position, f"entry {expected} was expected in its place")
            entry = entry._replace(position=expected)
        leaf = _leaf_hash(entry.leaf)
        if leaf != kept:
            what = f"{_shown(entry.name)} of {_shown(entry.stream)} is not what was recorded"
            self._problems.add(expected, f"{what}: hash {leaf.hex()}, kept {kept.hex() or 'none'}")
        self._peaks.add(leaf)
        self._entries.take(entry)
        if self._entries.until == expected:
            self._ends.append(expected)

    def _check_end(self, beyond: int) -> None:
        size, until = self._peaks.size, self._entries.until or 0
        if beyond:
            self._problems.add(size, f"{beyond} more entries were recorded: the log was cut short")
        if until > size:
            self._problems.add(size, f"its transaction should end at {until}: the rest is missing")
        edge = self._db.execute("SELECT size, hashes FROM tree_edge").fetchall()
        if edge != [(size, b"".join(each for _, each in self._peaks.peaks))]:
            self._problems.add(None, "the edge of the tree, as kept, is not that of the entries")

    def _check_checkpoints(self) -> None:
        """Hold every checkpoint against the entries and the keys, then against the outside."""
        problems, keys = self._problems, _chain(self._entries.adopted, self._problems)
        self._signed = _signer(keys, self._outside.key, problems)
        for end in self._ends:
            if end not in self._notes:
                problems.add(end, "no checkpoint follows the transaction that ends here")
        for size, note in self._notes.items():
            self._check_one(size, note)
        if not self._notes:
            problems.add(None, "there is no checkpoint that can be read")
            return
        self._check_signatures(keys)
        origin = self._notes[max(self._notes)].origin
        self._entries.check_origin(origin)
        witnesses = self._entries.witnesses
        self._seen = _seen(self._notes.values(), self._outside, witnesses, problems)
        self._check_cosigners(witnesses)
        self._roots[self._peaks.size] = self._peaks.root()
        self._continued = _continued(self._outside.kept, origin, self._roots, problems)

    def _check_cosigners(self, named: Iterable[str]) -> None:
        """Hold each cosignature that is kept to the keys that the log, or whoever asks, names."""
        known = {(key.name, key.id) for key in self._outside.witnesses}
        for text in named:
            with suppress(Unreadable):  # `_seen` says so
                key = _witness_key(text)
                known.add((key.name, key.id))
        for size, note in self._notes.items():
            for name, key_id, _ in note.signatures[self._own[size] :]:
                if (name, key_id) not in known:
                    what = f"a cosignature is by {_shown(name)}, whom the log never trusted"
                    self._problems.add(size, what)

    def _check_one(self, size: int, note: Note) -> None:
        add = self._problems.add
        if note.size != size:
            add(size, f"the checkpoint kept for {size} entries is of {note.size}")
        elif size > self._peaks.size:
            add(size, f"a checkpoint is of {size} entries, the log holds {self._peaks.size}")
        elif self._roots[size] != note.root:
            what = f"the root over {size} entries is {self._roots[size].hex()}"
            add(size, f"{what}, its checkpoint says {note.root.hex()}")
        if size not in self._ends:
            add(size, "a checkpoint stands where no transaction ends")
        own = [each[:2] for each in note.signatures[: self._own[size]]]
        strangers = any(name != note.origin for name, _ in own)
        lines = [note.origin, str(note.size), b64encode(note.root).decode(), ""]
        if note.text != "\n".join(lines) or strangers or not 1 <= len({*own}) == len(own) <= _KEYS:
            add(size, "its checkpoint holds what is not the ledger's")

    def _check_signatures(self, keys: list[tuple[int, Key]]) -> None:
        """Check those of the newest checkpoint and of the cosigned ones; of all where asked."""
        newest = max(self._notes)
        for size, note in self._notes.items():
            if not (self._outside.every or size == newest or len(note.signatures) > 1):
                continue
            current = [key for since, key in keys if since <= size]
            if not current:
                self._problems.add(size, "no key was adopted before this checkpoint")
            elif not _newest_signs(current, note, self._problems):
                self._signed = _BAD


def _is_stamp(token: bytes, text: bytes) -> bool:
    """Tell whether a token may be of a text: a digest of it stands in it."""
    digests = (hashlib.sha256(text), hashlib.sha384(text), hashlib.sha512(text))
    return any(each.digest() in token for each in digests)


def _cosignature(note: Note, line: bytes) -> tuple[str, bytes, bytes]:
    if line.count(b"\n") != 1:
        raise Unreadable("it is not one line")
    return _note_of(note.text.encode() + b"\n" + line).signatures[0]


def _note_of(written: bytes) -> Note:
    try:
        return read_note(written.decode("utf-8"))
    except UnicodeDecodeError:
        raise Unreadable("it is not a text") from None


# -- in plain words ----------------------------------------------------------------------------


def _proven(report: Report) -> list[str]:
    if report.problems:
        return []
    size = report.note.size if report.note else 0
    under = f"a checkpoint of {size} entries"
    what = {
        "ledger": f"entries 1 to {report.last} are all there, in their order, as they were when "
        "the checkpoints over them were signed",
        "stretch": f"entries {report.first} to {report.last} are all there, in their order, as "
        f"they were under {under}",
        "proof": f"entry {report.first} is, word for word, entry {report.first} under {under}",
    }[report.kind]
    by = "Its checkpoint is signed by the key that you gave, or by one to which it handed over."
    kept = [
        f"It continues {name} ({size} entries), unchanged up to there."
        for name, size in report.continued
    ]
    return [what[0].upper() + what[1:] + ".", *([by] if report.signed == _GIVEN else []), *kept]


def _not_proven(report: Report) -> list[str]:
    if report.problems:
        return ["Anything, until what is wrong is explained: keep the file as it is."]
    found = ["That a mark was true when it was made: only that the record is unaltered since."]
    if report.signed != _GIVEN:
        found.insert(0, "Whose record it is: without a key from outside (--key) this shows only "
                     "that the file agrees with itself.")  # fmt: skip
    found += _unseen(report)
    if report.kind == "ledger":
        found.append(f"That nothing came after entry {report.last}: without any key, whoever can "
                     "write the file can cut it back to an earlier checkpoint. Only what is kept "
                     "outside shows it (--since).")  # fmt: skip
    else:
        found.append("Anything about the entries that are not in this file, or came after it.")
    if report.kind == "proof":
        found.append("When the entry was recorded: that stands in its transaction's header and, "
                     "where a clock was wrong, in a later entry.")  # fmt: skip
    return found


def _unseen(report: Report) -> list[str]:
    """Say which entries nobody whose word was brought along has seen."""
    size = report.note.size if report.note else report.last
    upto = [each.position for each in report.seen if each.given]
    upto += [kept for _, kept in report.continued]
    first = max(upto, default=0) + 1
    if first > size:
        return []
    what = f"That whoever holds the ledger's key did not make entries {first} to {size} anew"
    return [f"{what}: no witness (--witness) or checkpoint (--since) given has seen them."]


def _seen_words(report: Report) -> list[str]:
    size = report.note.size if report.note else report.last
    found = []
    for given in (True, False):
        seen = [each for each in report.seen if each.given == given]
        if not seen:
            continue
        position, seconds, by, _ = max(seen, key=lambda each: each[:2])
        named = "" if given else " (a key that only the ledger names)"
        rest = "" if position >= size else f"; by no one outside since entry {position + 1}"
        found.append(f"up to entry {position} by {_shown(by)} at {_instant(seconds)}{named}{rest}")
    return found or ["by no one outside since entry 1"]


def _instant(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return f"second {seconds}"


def _document(report: Report) -> dict[str, Any]:
    note, entry = report.note, report.entry
    checkpoint = note and {
        "origin": note.origin,
        "size": note.size,
        "root": b64encode(note.root).decode(),
    }
    return {
        "kind": report.kind,
        "unaltered": not report.problems,
        "first": report.first,
        "last": report.last,
        "checkpoint": checkpoint,
        "signed_by": report.signed,
        "seen": [
            {"position": s[0], "seconds": s[1], "by": s[2], "key_given": s[3]} for s in report.seen
        ],
        "entry": entry
        and {
            "position": entry.position,
            "stream": entry.stream.decode("utf-8", "backslashreplace"),
            "version": entry.version + 1,
            "name": entry.name.decode("utf-8", "backslashreplace"),
            "state": entry.state.decode("utf-8", "backslashreplace"),
        },
        "continued": [{"checkpoint": name, "size": size} for name, size in report.continued],
        "proven": _proven(report),
        "not_proven": _not_proven(report),
        "problems": [{"position": each.position, "what": each.what} for each in report.problems],
    }


def _lines(report: Report) -> Iterator[str]:
    note, entry = report.note, report.entry
    verdict = "NOT accepted, see below" if report.problems else "unaltered"
    yield f"Log          {_shown(note.origin) if note else 'unknown'}"
    if entry is not None:
        yield f"Entry        {entry.position}: {verdict}"
        which = f"version {entry.version + 1} of {_shown(entry.stream)}"
        yield f"             {_shown(entry.name)}, {which}"
        yield f"             {_shown(entry.state, len(entry.state) * 4)}"
    else:
        yield f"Entries      {report.first} to {report.last}: {verdict}"
    if report.times is not None:
        yield from _recorded(report.times, report.last)
    if note is not None:
        yield f"Checkpoint   {note.size} entries, root {b64encode(note.root).decode()}"
    yield f"Signature    {report.signed}"
    for each in _seen_words(report):
        yield f"Seen         {each}"
    yield from _section("Wrong", [_problem(each) for each in report.problems])
    yield from _section("Proven", _proven(report))
    yield from _section("Not proven", _not_proven(report))


def _recorded(times: Times, end: int) -> Iterator[str]:
    """Say when the entries up to an end were recorded, and which a wrong clock stamped."""
    first, last = _microseconds(times.first), _microseconds(times.last)
    yield f"Recorded     {first} to {last}, by the ledger's clock"
    for wrong, stamps in times.wrong:
        number = sum(min(stamp.last, end) - stamp.first + 1 for stamp in stamps)
        said = sorted(stamp.reading for stamp in stamps)
        low, high = _microseconds(said[0]), _microseconds(said[-1])
        which = "1 entry" if number == 1 else f"{number} entries"
        yield f"Wrong clock  it stamped {which} from entry {stamps[0].first} on"
        yield f"             {low if low == high else f'{low} to {high}'};"
        yield f"             entry {wrong.position} says that they were recorded between"
        yield f"             {_microseconds(wrong.earliest)} and {_microseconds(wrong.latest)}"


def _microseconds(instant: int) -> str:
    return _instant(instant // 1_000_000)


def _problem(problem: Problem) -> str:
    position, what = problem
    return what if position is None else f"entry {position}: {what}"


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield f"{title}:"
        yield from (f"  - {line}" for line in lines)


# -- the command line --------------------------------------------------------------------------


def check(path: Path, outside: Outside) -> Report:
    """Check whatever lies at a path; raises `Unreadable` where nothing can be checked."""
    if path.is_dir():
        path = _within(path)
    start = _read(path, len(_SQLITE))
    if start == _SQLITE:
        return check_ledger(path, outside)
    written = _text(path)
    kinds = {_PROOF: check_proof, _STRETCH: check_stretch}
    checked = kinds.get(written.partition("\n")[0])
    if checked is None:
        raise Unreadable(f"{path} is neither a ledger, nor a stretch of one, nor a proof")
    return checked(written, outside)


def _within(folder: Path) -> Path:
    """Return the database in a ledger's folder, of which no part is a link or a pipe."""
    path = folder / "ledger.db"
    for end in ("", "-wal", "-shm", "-journal"):
        part = path.with_name(path.name + end)
        if part.is_symlink() or (part.exists() and not part.is_file()):
            raise Unreadable(f"{part} is no file of its own, and what it leads to is not followed")
    return path


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(most)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise Unreadable(f"{path} cannot be read: {why}") from None


def _text(path: Path) -> str:
    """Read a text as it was before a program saved it anew: line ends, byte-order mark."""
    raw = _read(path, _MOST_BYTES + 1)
    if len(raw) > _MOST_BYTES:
        raise Unreadable(f"{path} is too large")
    try:
        text = raw.decode("utf-8-sig").lstrip("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise Unreadable(f"{path} is not a text in UTF-8, nor a database") from None
    return text if not text or text.endswith("\n") else text + "\n"


def _keys(given: str) -> list[Key]:
    """Read keys that are given as themselves or by a file; there, ``#`` begins a remark."""
    try:
        there = Path(given).is_file()
    except (OSError, ValueError):
        there = False
    lines = (_text(Path(given)) if there else given).split("\n")
    try:
        return [read_key(each.strip()) for each in lines if each.strip() and each[0] != "#"]
    except Unreadable as broken:
        raise Unreadable(f"{_shown(given)}: {broken}") from None


def _outside(asked: argparse.Namespace) -> Outside:
    keys = [] if asked.key is None else _keys(asked.key)
    keys = list(dict.fromkeys(keys))
    if [key.kind for key in keys] not in ([], [_PLAIN]) or (asked.key is not None and not keys):
        raise Unreadable("--key: one key of a ledger is needed; a witness's goes with --witness")
    witnesses = tuple(key for each in asked.witness for key in _keys(each))
    if any(key.kind != _TIMED for key in witnesses) or (asked.witness and not witnesses):
        raise Unreadable("--witness: the key of a witness is needed; a ledger's goes with --key")
    kept = []
    for name in asked.since:
        try:
            kept.append((_shown(Path(name).name), read_note(_text(Path(name)))))
        except Unreadable as broken:
            raise Unreadable(f"--since {name}: {broken}") from None
    return Outside(keys[0] if keys else None, witnesses, tuple(kept), asked.all)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="attendance-verify",
        description="Check an attendance ledger, a stretch of one or a proof, offline.",
        epilog="exit status: 0 all agrees, 3 a difference was found, 1 not readable, 2 usage",
    )
    parser.add_argument("path", type=Path, help="a ledger's folder or ledger.db, stretch or proof")
    parser.add_argument("--key", metavar="VKEY|FILE", help="the ledger's public key, from outside")
    many: dict[str, Any] = {"action": "append", "default": []}
    parser.add_argument("--witness", metavar="VKEY|FILE", help="a witness's public key", **many)
    parser.add_argument("--since", metavar="FILE", help="a checkpoint kept earlier", **many)
    parser.add_argument("--all", action="store_true", help="check every checkpoint's signature")
    parser.add_argument("--json", action="store_true", help="one JSON document")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Check what is asked, say what was found and return the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        report = check(asked.path, _outside(asked))
    except Unreadable as broken:
        sys.stderr.write(f"attendance-verify: {_shown_line(str(broken))}\n")
        return UNREADABLE
    if asked.json:
        text = json.dumps(_document(report), indent=2)
    else:
        text = "\n".join(_shown_line(line) for line in _lines(report))
    sys.stdout.write(text + "\n")
    return DIFFERS if report.problems else AGREES


def _shown_line(line: str) -> str:
    """Return a line as any terminal can show it."""
    encoding = sys.stdout.encoding or "ascii"
    seen = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
    return seen.encode(encoding, "backslashreplace").decode(encoding)


if __name__ == "__main__":
    sys.exit(main())
