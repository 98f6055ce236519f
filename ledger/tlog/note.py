"""Signed notes, checkpoints and cosignatures as C2SP writes them.

A note is a text that ends in a line feed, an empty line, and signature lines ``— NAME BASE64``;
the base64 holds four bytes of key id and the signature (c2sp.org/signed-note). A checkpoint is a
note of three lines: origin, size of the tree, its root in base64 (c2sp.org/tlog-checkpoint). A
cosignature signs it together with a time (c2sp.org/tlog-cosignature, version 1).
"""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from ledger.errors import Refused

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ED25519, COSIGNATURE = b"\x01", b"\x04"
_KEY_BYTES, _ID_BYTES, _TIME_BYTES, _ROOT_BYTES, _SIGNATURE_BYTES = 32, 4, 8, 32, 64
_LAST_SECOND = 7_258_118_400
"""2200-01-01: no signature is from then or later."""
_LARGEST = 2**63 - 1
_DASH = "\N{EM DASH} "
_PRIVATE = "PRIVATE+KEY"
_PRIVATE_KEY, _PUBLIC_KEY = "a signing key", "a public key"
_NOTE, _CHECKPOINT, _TEXT = "a signed note", "a checkpoint", "a text in UTF-8"


class Checkpoint(NamedTuple):
    """A tree at one size: the log's origin, the number of leaves, the root."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


class Signature(NamedTuple):
    """One signature line: who, the key's id, the bytes."""

    name: str
    key_id: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """The line as it stands in a note."""
        return f"{_DASH}{self.name} {b64encode(self.key_id + self.signature).decode()}\n"


class Note(NamedTuple):
    """A text and the signatures beneath it."""

    text: str
    signatures: tuple[Signature, ...]

    @property
    def written(self) -> str:
        """The note as it is stored and sent."""
        return self.text + "\n" + "".join(each.line for each in self.signatures)

    def names(self, key: "Verifier") -> bool:
        """Tell whether there is a signature in a key's name, good or not."""
        return any(each[:2] == (key.name, key.key_id) for each in self.signatures)

    def signed_by(self, key: "Verifier") -> bool:
        """Tell whether a key signed this; each signature in its name must be good."""
        return key.time_of(self) is not None

    def holds_for(self, keys: Iterable["Verifier"]) -> bool:
        """Tell whether one of some known keys signed this, and none of them is named falsely."""
        named = [key for key in keys if self.names(key)]
        return bool(named) and all(map(self.signed_by, named))


class Verifier(Struct, frozen=True):
    """A public key with its name; ``kind``: one byte, a plain signature or a cosignature."""

    name: str
    key: bytes
    kind: bytes = ED25519

    @property
    def key_id(self) -> bytes:
        """The four bytes by which a signature line names this key."""
        named = self.name.encode() + b"\n" + self.kind + self.key
        return sha256(named).digest()[:_ID_BYTES]

    @property
    def vkey(self) -> str:
        """The key as a line of text: ``NAME+ID+BASE64``."""
        return f"{self.name}+{self.key_id.hex()}+{b64encode(self.kind + self.key).decode()}"

    def time_of(self, note: Note) -> int | None:
        """Return when this key signed a note, in seconds since 1970; none where it did not.

        0 for a plain signature, which carries no time. A signature in its name that is not good
        makes the note nobody's, whatever stands beside it.
        """
        mine = [each for each in note.signatures if each[:2] == (self.name, self.key_id)]
        times = [self._check(note.text, each.signature) for each in mine]
        return None if None in times else next(iter(times), None)

    def verifies(self, text: str, signature: str) -> bool:
        """Tell whether a signature (base64) over a text is this key's."""
        return self._is_over(text.encode(), _unbase64(signature))

    def _check(self, text: str, signature: bytes) -> int | None:
        seconds, message = 0, text.encode()
        if self.kind == COSIGNATURE:
            stamp, signature = signature[:_TIME_BYTES], signature[_TIME_BYTES:]
            seconds = int.from_bytes(stamp, "big")
            message = cosigned_text(text, seconds)
        return seconds if seconds < _LAST_SECOND and self._is_over(message, signature) else None

    def _is_over(self, message: bytes, signature: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - start-up
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
            Ed25519PublicKey,
        )

        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Signer:
    """A private key with its name."""

    name: str
    seed: bytes
    kind: bytes = ED25519

    @cached_property
    def verifier(self) -> Verifier:
        """The public half."""
        return Verifier(self.name, self._private.public_key().public_bytes_raw(), self.kind)

    @cached_property
    def _private(self) -> "Ed25519PrivateKey":
        from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - start-up
            Ed25519PrivateKey,
        )

        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def hand_over(self, after: str) -> str:
        """Return the signature (base64) by which this key lets another take its place."""
        text = handover(self.verifier.vkey, after)
        return b64encode(self._private.sign(text.encode())).decode()

    def sign(self, text: str, seconds: int = 0) -> Signature:
        """Sign the text of a note; a cosignature at a time in seconds since 1970."""
        if self.kind == ED25519:
            signature = self._private.sign(text.encode())
        else:
            stamp = seconds.to_bytes(_TIME_BYTES, "big")
            signature = stamp + self._private.sign(cosigned_text(text, seconds))
        return Signature(self.name, self.verifier.key_id, signature)

    @property
    def written(self) -> str:
        """The private key as a line of text: ``PRIVATE+KEY+NAME+ID+BASE64``."""
        body = b64encode(self.kind + self.seed).decode()
        return f"{_PRIVATE}+{self.name}+{self.verifier.key_id.hex()}+{body}"


def handover(before: str, after: str) -> str:
    """Return what a key signs when another takes its place; both as verifier keys."""
    return f"attendance-ledger/key/v1\n{before}\n{after}\n"


def cosigned_text(text: str, seconds: int) -> bytes:
    """Return what a cosignature signs: the text under a header with the time."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def new_signer(name: str, seed: bytes, kind: bytes = ED25519) -> Signer:
    """Return a private key from 32 random bytes; a name holds neither blanks nor plus signs."""
    if not name or "+" in name or any(character.isspace() for character in name):
        raise Refused("key-name", f"{name!r} cannot name a key", "leave out blanks and plus signs")
    return Signer(name, seed, kind)


def read_signer(text: str) -> Signer:
    """Read a private key as `Signer.written` wrote it, or refuse it."""
    prefix, _, rest = text.strip().partition(f"{_PRIVATE}+")
    name, key_id, body = _split(rest, _PRIVATE_KEY)
    found = Signer(name, body[1:], body[:1])
    if prefix or found.kind not in (ED25519, COSIGNATURE) or found.verifier.key_id.hex() != key_id:
        raise _unreadable(_PRIVATE_KEY)
    return found


def read_verifier(text: str) -> Verifier:
    """Read a public key as `Verifier.vkey` writes it, or refuse it."""
    name, key_id, body = _split(text.strip(), _PUBLIC_KEY)
    found = Verifier(name, body[1:], body[:1])
    if found.kind not in (ED25519, COSIGNATURE) or found.key_id.hex() != key_id or " " in name:
        raise _unreadable(_PUBLIC_KEY)
    return found


def received(raw: bytes) -> str:
    """Return a text that somebody kept or sent, as it was before a program saved it anew.

    A byte-order mark, line ends of two characters and a last line without its end are undone.
    Refuses what is no text; what else was altered is for its reader to tell.
    """
    try:
        text = raw.decode("utf-8-sig").lstrip("\ufeff").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise _unreadable(_TEXT) from None
    return text if not text or text.endswith("\n") else text + "\n"


def read_note(written: str) -> Note:
    """Read a signed note, or refuse it."""
    text, blank, below = written.rpartition("\n\n")
    *lines, end = below.split("\n")
    if not blank or end or not lines or any(each < " " and each != "\n" for each in written):
        raise _unreadable(_NOTE)
    return Note(text + "\n", tuple(read_signature(line) for line in lines))


def read_checkpoint(text: str) -> Checkpoint:
    """Read the text of a checkpoint, or refuse it; lines after the third are extensions."""
    lines = text.split("\n")
    try:
        origin, size, root = lines[0], int(lines[1]), _unbase64(lines[2])
    except (IndexError, ValueError):
        raise _unreadable(_CHECKPOINT) from None
    if origin != (origin.strip() or None) or len(root) != _ROOT_BYTES:
        raise _unreadable(_CHECKPOINT)
    if str(size) != lines[1] or not 0 <= size <= _LARGEST:
        raise _unreadable(_CHECKPOINT)
    return Checkpoint(origin, size, root)


def sign(checkpoint: Checkpoint, signers: Iterable[Signer]) -> Note:
    """Return a checkpoint signed by the keys."""
    text = checkpoint.text
    return Note(text, tuple(signer.sign(text) for signer in signers))


def read_signature(line: str) -> Signature:
    """Read a signature line, or refuse it."""
    line = line.removesuffix("\n")
    name, _, body = line.removeprefix(_DASH).partition(" ")
    raw = _unbase64(body)
    if not line.startswith(_DASH) or not name or "+" in name or len(raw) <= _ID_BYTES:
        raise _unreadable(_NOTE)
    return Signature(name, raw[:_ID_BYTES], raw[_ID_BYTES:])


def _split(text: str, what: str) -> tuple[str, str, bytes]:
    """Return the name, the id and the bytes of a written key."""
    name, _, rest = text.partition("+")
    key_id, _, body = rest.partition("+")
    raw = _unbase64(body)
    if not name or len(raw) != 1 + _KEY_BYTES:
        raise _unreadable(what)
    return name, key_id, raw


def _unbase64(text: str) -> bytes:
    """Read base64 in its one canonical form; empty where it is none."""
    try:
        raw = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if b64encode(raw).decode() == text else b""


def _unreadable(what: str) -> Refused:
    return Refused(
        "note-unreadable",
        f"this is not {what}: altered in transit, or not copied whole",
        "ask for it again, as a file that nobody opens and saves on the way",
    )
