"""Any byte or part of a back-up changed: it is refused, or what it restores is the same.

2,400 trials: ``pytest tests/adversary/test_backups.py -n 4 --campaign``.
"""

import hashlib
import io
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec
import pytest

from ledger.backup import backup
from ledger.backup import file as backup_file
from ledger.backup.file import Manifest, Part, Stretching
from ledger.store.folder import Folder
from tests.adversary.conftest import PARTS, seeds
from tests.answers import packed
from tests.cli.shell import run

SECRET = "mallow marsh quill stone"  # noqa: S105 - of these tests only
AT = 1_796_400_000_000_000
ROWS = ("stored_events", "checkpoints", "cosignatures")
BLOCK = 512
Bytes = Callable[[Random, bytes, bytes], bytes]
Contents = dict[str, bytes]
Parts = Callable[[Random, Manifest, Contents, Contents], Manifest]


def quiet(_done: int, _all: int) -> None:
    """No progress is shown."""


class Made(NamedTuple):
    """A back-up of a ledger of everything, an earlier one of it, and one of another ledger."""

    newest: Path
    earlier: Path
    stranger: Path
    ledger: Folder


@pytest.fixture(autouse=True)
def _cheap(monkeypatch):
    """Wrapping by something quick: it is not tried here whether scrypt is dear."""
    monkeypatch.setenv("ATTENDANCE_PASSPHRASE", SECRET)
    monkeypatch.setattr(Stretching, "key", stretched)


def stretched(self: Stretching, passphrase: str) -> bytes:
    return hashlib.sha256(f"{self.salt}{self.n}{passphrase}".encode()).digest()


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Made:
    place = tmp_path_factory.mktemp("backups")
    packed.unpack("everything", place)
    packed.unpack("portable", place)
    folder = Folder(place / "everything")
    folder.words.mkdir()
    (folder.words / "leave-letter.txt").write_text("Dear {name}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stretching, "key", stretched)
        earlier, newest, other = (place / name for name in ("earlier", "newest", "other"))
        backup.create(folder, earlier, SECRET, AT, quiet)
        patch.setenv("ATTENDANCE_PASSPHRASE", SECRET)
        done = run(
            *("--ledger", folder.path, "--as", "H01"),
            *("staff", "add", "B9", "--name", "Bo Reed", "--job-title", "Teacher"),
        )
        assert done.code == 0, done.err
        backup.create(folder, newest, SECRET, AT + 1, quiet)
        backup.create(Folder(place / "portable"), other, SECRET, AT, quiet)
    return Made(newest, earlier, other, folder)


# -- what a careless disk, or somebody without the format, does ---------------------------------


def bit_flipped(rng: Random, raw: bytes, _: bytes) -> bytes:
    at = rng.randrange(len(raw))
    return raw[:at] + bytes([raw[at] ^ 1 << rng.randrange(8)]) + raw[at + 1 :]


def cut_short(rng: Random, raw: bytes, _: bytes) -> bytes:
    return raw[: rng.randrange(len(raw))]


def extended(rng: Random, raw: bytes, _: bytes) -> bytes:
    return raw + rng.randbytes(rng.choice([1, BLOCK, 10_240])) * rng.randint(0, 1) + b"\0" * BLOCK


def blocks_exchanged(rng: Random, raw: bytes, _: bytes) -> bytes:
    one, two = sorted(rng.sample(range(len(raw) // BLOCK), 2))
    blocks = [raw[at : at + BLOCK] for at in range(0, len(raw), BLOCK)]
    blocks[one], blocks[two] = blocks[two], blocks[one]
    return b"".join(blocks)


def block_emptied(rng: Random, raw: bytes, _: bytes) -> bytes:
    at = rng.randrange(len(raw) // BLOCK) * BLOCK
    return raw[:at] + bytes(BLOCK) + raw[at + BLOCK :]


def block_left_out(rng: Random, raw: bytes, _: bytes) -> bytes:
    at = rng.randrange(len(raw) // BLOCK) * BLOCK
    return raw[:at] + raw[at + BLOCK :]


def joined_with_another(rng: Random, raw: bytes, other: bytes) -> bytes:
    at = rng.randrange(min(len(raw), len(other)))
    return raw[:at] + other[at:]


OF_BYTES: tuple[Bytes, ...] = (
    bit_flipped, cut_short, extended, blocks_exchanged, block_emptied, block_left_out,
    joined_with_another,
)  # fmt: skip


# -- what somebody does who knows the format, and neither passphrase nor ledger -----------------


def _some(rng: Random, contents: Contents) -> str:
    """A part, but no words: these are the school's to change, in clear, as they are beside it."""
    return rng.choice([name for name in sorted(contents) if not name.startswith("words/")])


def part_damaged(rng: Random, manifest: Manifest, contents: Contents, _: Contents) -> Manifest:
    name = _some(rng, {name: content for name, content in contents.items() if content})
    harm = [bit_flipped, cut_short, *([block_emptied] if len(contents[name]) > BLOCK else [])]
    contents[name] = rng.choice(harm)(rng, contents[name], b"")
    return manifest


def part_left_out(rng: Random, manifest: Manifest, contents: Contents, _: Contents) -> Manifest:
    del contents[_some(rng, contents)]
    return manifest


def parts_exchanged(rng: Random, manifest: Manifest, contents: Contents, _: Contents) -> Manifest:
    one, two = _some(rng, contents), _some(rng, contents)
    contents[one], contents[two] = contents[two], contents[one]
    return manifest


def part_of_another(
    rng: Random, manifest: Manifest, contents: Contents, other: Contents
) -> Manifest:
    name = _some(rng, contents)
    contents[name] = other.get(name, other["ledger.db.gz"])
    return manifest


def part_named_otherwise(
    rng: Random, manifest: Manifest, contents: Contents, _: Contents
) -> Manifest:
    name = _some(rng, contents)
    new = rng.choice(["attachments/x", "keys.db", "signing.key", "left", name + "x", name.upper()])
    contents[new] = contents.pop(name)
    return manifest


def part_added(rng: Random, manifest: Manifest, contents: Contents, _: Contents) -> Manifest:
    name = rng.choice(["attachments/x", "keys.db", "ledger.db", "signing.key", "views/x", "x"])
    contents[name] = rng.randbytes(100)
    return manifest


def manifest_of_another(rng: Random, manifest: Manifest, _: Contents, other: Contents) -> Manifest:
    theirs = msgspec.json.decode(other["manifest"], type=Manifest)
    name = rng.choice(["ledger", "size", "root", "made_at", "log", "scrypt"])
    return msgspec.structs.replace(manifest, **{name: getattr(theirs, name)})


def all_but_one_of_another(
    rng: Random, _: Manifest, contents: Contents, other: Contents
) -> Manifest:
    kept = _some(rng, contents)
    ours = contents[kept]
    contents.clear()
    contents.update({name: each for name, each in other.items() if name != "manifest"})
    contents[kept] = ours
    return msgspec.json.decode(other["manifest"], type=Manifest)


OF_PARTS: tuple[Parts, ...] = (
    part_damaged, part_left_out, parts_exchanged, part_of_another, part_named_otherwise,
    part_added, manifest_of_another, all_but_one_of_another,
)  # fmt: skip


def contents_of(path: Path) -> Contents:
    archive = backup_file.read(path, quiet)
    return {part.name: archive.read(part.name) for part in archive.manifest.parts}


def sealed_anew(path: Path, change: Parts, rng: Random, other: Path, out: Path) -> None:
    """Change parts, and write digests, sizes and the seal as they then are."""
    manifest, contents = backup_file.manifest_of(path), contents_of(path)
    theirs = contents_of(other) | {"manifest": msgspec.json.encode(backup_file.manifest_of(other))}
    manifest = change(rng, manifest, contents, theirs)
    parts = [Part(n, len(c), hashlib.sha256(c).hexdigest()) for n, c in contents.items()]
    manifest = msgspec.structs.replace(manifest, parts=parts)
    with out.open("wb") as file:
        backup_file.write(file, manifest, [partial(io.BytesIO, c) for c in contents.values()])


# -- what became of it --------------------------------------------------------------------------


def held(folder: Folder, size: int) -> dict[str, object]:
    """All that a ledger of so many entries holds, but what a restore records."""
    found: dict[str, object] = {}
    with closing(sqlite3.connect(folder.log)) as db:
        for table in ROWS:
            rows = db.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - ours
            found[table] = [row for row in rows if row[0] <= size]
    with closing(sqlite3.connect(folder.keys)) as db:
        found["keys"] = sorted(db.iterdump())
    for name in ("attachments", "words"):
        there = folder.path / name
        found[name] = {p.name: p.read_bytes() for p in there.glob("*")} if there.is_dir() else {}
    found["signing.key"] = folder.signing_key.read_text().strip()
    return found


def assert_refused_or_the_same(path: Path, place: Path, wanted: list[dict], what: object) -> bool:
    """`verify` and `restore` say alike, without a traceback; return whether it is refused."""
    proven = run("--ledger", "nowhere", "backup", "verify", path)
    restored = run("--ledger", "nowhere", "backup", "restore", path, "--to", place)
    assert "Traceback" not in proven.err + restored.err, what
    if restored.code:
        assert (restored.code, place.exists(), proven.code in (1, 3)) == (1, False, True), what
        return True
    found = held(Folder(place), backup_file.manifest_of(path).size)
    if proven.code == 0:
        assert found in wanted, what
    else:  # a copy of evidence is missing or another, which a restore tells
        without = [{**each, "attachments": None} for each in wanted]
        assert ("WARNING" in restored.out, proven.code) == (True, 3), what
        assert {**found, "attachments": None} in without, what
    shutil.rmtree(place)
    return False


@pytest.fixture(scope="module")
def wanted(made, tmp_path_factory) -> list[dict]:
    """What each of the back-ups restores to when nobody touched it."""
    place = tmp_path_factory.mktemp("wanted")
    found = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stretching, "key", stretched)
        patch.setenv("ATTENDANCE_PASSPHRASE", SECRET)
        for path in made[:3]:
            shown = run(
                "--ledger", "nowhere", "backup", "restore", path, "--to", place / path.name
            )
            assert shown.code == 0, shown.err
            size = backup_file.manifest_of(path).size
            found.append(held(Folder(place / path.name), size))
    return found


@pytest.mark.parametrize("part", range(PARTS))
def test_a_back_up_whose_bytes_changed_is_refused(made, wanted, campaign, tmp_path, part):
    """Its last line is a digest of all before it."""
    raw, other = made.newest.read_bytes(), made.earlier.read_bytes()
    for number in seeds(part, 2 * len(OF_BYTES), 1200, campaign=campaign):
        rng = Random(f"bytes {number}")  # noqa: S311 - reproducible
        change = OF_BYTES[number % len(OF_BYTES)]
        path = tmp_path / "changed"
        path.write_bytes(changed := change(rng, raw, other))
        what = (change.__name__, number)
        refused = assert_refused_or_the_same(path, tmp_path / "restored", wanted, what)
        assert refused or changed in (raw, other), what


@pytest.mark.parametrize("part", range(PARTS))
def test_parts_of_a_back_up_that_were_sealed_anew_are_refused_or_change_nothing(
    made, wanted, campaign, tmp_path, part
):
    """Whoever knows the format makes every digest fit; the log, its keys and its names do not."""
    for number in seeds(part, 2 * len(OF_PARTS), 1200, campaign=campaign):
        rng = Random(f"parts {number}")  # noqa: S311 - reproducible
        change = OF_PARTS[number % len(OF_PARTS)]
        other = rng.choice([made.earlier, made.stranger])
        path = tmp_path / "changed"
        sealed_anew(made.newest, change, rng, other, path)
        what = (change.__name__, number, other.name)
        assert_refused_or_the_same(path, tmp_path / "restored", wanted, what)
