"""The file of a back-up: a tar of parts, the manifest first, a digest of all of it last.

Any tar program unpacks it; the log and the checkpoint can be read without the passphrase. The
last member, ``seal.sha256``, is the SHA-256 of every byte before its own content.
"""

import gzip
import re
import secrets
import tarfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from tarfile import BLOCKSIZE
from typing import IO, Annotated, Literal

import msgspec

from ledger.errors import Refused
from ledger.files import translated
from ledger.terminal import Progress

# -- wrapping the keys -------------------------------------------------------------------------

_KEY_BYTES = 32
_NONCE = 12
_COST = 2**17
_MOST = 2**20
"""The cost is written in the file, which may be anybody's: more than 1 GiB is not spent on it."""


class Stretching(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the passphrase becomes a key; needs 128 x n x r bytes of memory."""

    salt: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
    n: Annotated[int, msgspec.Meta(ge=_COST, le=_MOST)] = _COST
    r: Annotated[int, msgspec.Meta(ge=8, le=8)] = 8
    p: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1

    def key(self, passphrase: str) -> bytes:
        """Return the key of a passphrase."""
        from cryptography.hazmat.primitives.kdf.scrypt import Scrypt  # noqa: PLC0415 - start-up

        salt = bytes.fromhex(self.salt)
        try:
            kdf = Scrypt(salt, _KEY_BYTES, self.n, self.r, self.p)
            return kdf.derive(passphrase.encode(errors="surrogateescape"))
        except (ValueError, MemoryError) as error:
            what = f"the back-up's keys are not wrapped as they should be: {error}"
            raise Refused("backup-damaged", what, "take another copy of the back-up") from None


def wrap(key: bytes, secret: bytes, bound_to: bytes) -> bytes:
    """Return a secret encrypted: nonce, then the box, bound to what it belongs to."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - start-up

    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, secret, bound_to)


def unwrap(key: bytes, box: bytes, bound_to: bytes) -> bytes:
    """Return the secret, or refuse a wrong passphrase."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - start-up
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - start-up

    try:
        return AESGCM(key).decrypt(box[:_NONCE], box[_NONCE:], bound_to)
    except (InvalidTag, ValueError):
        what = "the passphrase does not open the keys of this back-up"
        raise Refused("passphrase-wrong", what, "try the one it was made with") from None


SUFFIX = ".attendance-backup"
LOG = "ledger.db.gz"
CHECKPOINT = "checkpoint.txt"
KEYS = "keys.db"
WRAPPED = ".wrapped"
ATTACHMENTS = "attachments"
WORDS = "words"
MANIFEST = "manifest.json"
SEAL = "seal.sha256"
_END = 3 * BLOCKSIZE  # the seal, and the two empty blocks that end a tar
_CHUNK = 1 << 20
_ANOTHER = "in the back-up is not what its manifest names"
_MOST_MANIFEST = 1 << 26
_MOST_WORDS = 1 << 16
_NAME_OF_WORDS = re.compile(rf"{WORDS}/[A-Za-z0-9][A-Za-z0-9._-]{{0,95}}\.txt")
"""Its form only: a back-up is restored by programs that have other files of words than ours."""
_STRANGE = (
    tarfile.TarError, msgspec.MsgspecError, zlib.error, gzip.BadGzipFile, EOFError, KeyError,
    ValueError, OverflowError,
)  # fmt: skip
_Size = Annotated[int, msgspec.Meta(ge=0)]
_Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the file by its name, its size in bytes and its SHA-256 (hex)."""

    name: str
    size: _Size
    sha256: _Digest


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a back-up is of. ``log``: the log's file once it is uncompressed.

    ``ledger``: the origin of its checkpoints; ``size``, ``root``: of the tree (base64);
    ``made_at``: microseconds since 1970.
    """

    format: Literal["attendance-backup/1"] = "attendance-backup/1"
    ledger: str
    size: _Size
    root: str
    made_at: Annotated[int, msgspec.Meta(ge=0, le=2**53)]
    software: str
    log: Part
    scrypt: Stretching
    parts: list[Part]

    def bound_to(self, name: str) -> bytes:
        """Return what a wrapped part is bound to, so that it fits no other back-up."""
        return "\n".join((self.format, self.ledger, str(self.size), self.root, name)).encode()

    @property
    def attachments(self) -> list[Part]:
        """The parts that lie in the folder of attachments."""
        return self._within(ATTACHMENTS)

    @property
    def words(self) -> list[Part]:
        """The files of the school's own words; none in a back-up older than their keeping."""
        return self._within(WORDS)

    @property
    def names_of_words(self) -> list[str]:
        """How these files are called in their folder."""
        return [part.name.removeprefix(f"{WORDS}/") for part in self.words]

    def _within(self, folder: str) -> list[Part]:
        return [part for part in self.parts if part.name.startswith(f"{folder}/")]


def may_be_words(part: Part) -> bool:
    """Tell whether a part has a name and a size that a file of words can have."""
    return _NAME_OF_WORDS.fullmatch(part.name) is not None and part.size <= _MOST_WORDS


def damage(subject: object, what: str) -> Refused:
    """Return the refusal of a file, or a part of it, that is not what was written."""
    remedy = "take another copy of it, or an earlier back-up"
    return Refused("backup-damaged", f"{subject} {what}", remedy)


def copy_pieces(source: IO[bytes], *sinks: Callable[[bytes], object]) -> int:
    """Hand a file's bytes on in pieces; return how many there were."""
    size = 0
    while chunk := source.read(_CHUNK):
        size += len(chunk)
        for sink in sinks:
            sink(chunk)
    return size


def part_of(name: str, path: Path) -> Part:
    """Return a file as a part."""
    digest = sha256()
    with path.open("rb") as file:
        return Part(name, copy_pieces(file, digest.update), digest.hexdigest())


def write(out: IO[bytes], manifest: Manifest, contents: Iterable[Callable[[], IO[bytes]]]) -> str:
    """Write a back-up; return the SHA-256 of the whole file.

    ``contents``: for each part of the manifest, in order, what opens it.
    """
    digest = sha256()

    def put(piece: bytes) -> None:
        digest.update(piece)
        out.write(piece)

    def member(name: str, size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = size, 0o600, manifest.made_at // 1_000_000
        put(info.tobuf(tarfile.GNU_FORMAT))

    encoded = msgspec.json.format(msgspec.json.encode(manifest), indent=1)
    member(MANIFEST, len(encoded))
    put(encoded + _padding(len(encoded)))
    for part, opened in zip(manifest.parts, contents, strict=True):
        member(part.name, part.size)
        with opened() as content:
            size = copy_pieces(content, put)
        put(_padding(size))
    member(SEAL, len(digest.hexdigest()) + 1)
    put(_ending(digest.hexdigest()))
    return digest.hexdigest()


def _padding(size: int) -> bytes:
    return bytes(-size % BLOCKSIZE)


def _ending(seal: str) -> bytes:
    return (seal + "\n").encode().ljust(_END, b"\0")


@dataclass(frozen=True, slots=True)
class Archive:
    """A back-up that is whole, with the SHA-256 of its file."""

    path: Path
    manifest: Manifest
    sha256: str

    def read(self, name: str) -> bytes:
        """Return a small part."""
        found = bytearray()
        self._copy(name, found.extend)
        return bytes(found)

    def copy(self, name: str, to: Path) -> None:
        """Write a part to a new file."""
        with to.open("xb") as file:
            self._copy(name, file.write)

    def copy_log(self, to: Path, progress: Progress) -> None:
        """Write the log to a new file, uncompressed."""
        log, digest, done = self.manifest.log, sha256(), 0
        with self._member(LOG) as part, gzip.GzipFile(fileobj=part) as source, to.open("xb") as f:
            # It may be anybody's file: no more is unpacked than it says that there is.
            while done <= log.size and (chunk := source.read(_CHUNK)):
                done += len(chunk)
                digest.update(chunk)
                f.write(chunk)
                progress(done, log.size)
        if (done, digest.hexdigest()) != (log.size, log.sha256):
            raise damage(LOG, _ANOTHER)

    def _copy(self, name: str, sink: Callable[[bytes], object]) -> None:
        part = next((each for each in self.manifest.parts if each.name == name), None)
        digest = sha256()
        with self._member(name) as source:
            size = copy_pieces(source, digest.update, sink)
        if part is None or (size, digest.hexdigest()) != (part.size, part.sha256):
            raise damage(name, _ANOTHER)

    @contextmanager
    def _member(self, name: str) -> Iterator[IO[bytes]]:
        with translated(self.path), _explained(self.path), tarfile.open(self.path, "r:") as tar:
            found = tar.extractfile(name)
            if found is None:
                raise damage(name, "in the back-up is no file")
            with found:
                yield found


def manifest_of(path: Path) -> Manifest:
    """Return what a file says it is a back-up of; only that much of it is read."""
    with translated(path), _explained(path), tarfile.open(path, "r:") as tar:
        first = tar.next()
        if first is None or first.name != MANIFEST or not 0 < first.size < _MOST_MANIFEST:
            raise damage(path, "is not a back-up of a ledger, or its beginning is damaged")
        file = tar.extractfile(first)
        assert file is not None  # noqa: S101 - the name is that of a member
        manifest = msgspec.json.decode(file.read(), type=Manifest)
    _refuse_strange(manifest)
    return manifest


def read(path: Path, progress: Progress) -> Archive:
    """Return a back-up of which every byte is as it was written, or refuse it."""
    digest, done = sha256(), 0
    with translated(path):
        whole = path.stat().st_size
        with path.open("rb") as file:
            while done < whole - _END:
                chunk = file.read(min(_CHUNK, whole - _END - done))
                digest.update(chunk)
                done += len(chunk)
                progress(done, whole)
            ending = file.read()
    if ending != _ending(digest.hexdigest()):
        manifest_of(path)
        raise damage(path, "is cut short or damaged: its bytes are not those that were written")
    digest.update(ending)
    return Archive(path, manifest_of(path), digest.hexdigest())


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what a strange file raises into an answer."""
    try:
        yield
    except _STRANGE as error:
        raise damage(path, f"is not a back-up that can be read: {error}") from None


def _refuse_strange(manifest: Manifest) -> None:
    """Refuse names that would be written anywhere but in their folder."""
    names = [part.name for part in manifest.parts]
    for name in names:
        pieces = PurePosixPath(name).parts
        if name.startswith("/") or ".." in pieces or "\0" in name or "\\" in name:
            raise damage(repr(name), "is no name for a part of a back-up")
    for part in manifest.words:
        if not may_be_words(part):
            raise damage(repr(part.name), "is no file of words that is written in a back-up")
    if len(set(names)) != len(names):
        raise damage(MANIFEST, "names a part twice")
