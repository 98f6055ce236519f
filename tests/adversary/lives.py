"""Ledgers with a random life: a school, marks, a witness, a new key; made from a seed alone."""

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from commands.core.command import Context
from commands.penalties.undercut import watch
from commands.proof.keys import RotateKey
from commands.school.school import CreateLedger
from ledger.clock import SECOND
from ledger.events import streams
from ledger.events.proof import WitnessTrusted
from ledger.events.register import MarkAmended, SessionMarked
from ledger.ledger import Ledger
from ledger.store.facts import Fact
from ledger.store.folder import Folder
from ledger.store.store import Store
from ledger.tlog import signing
from ledger.tlog.note import COSIGNATURE, Note, Signer, new_signer, read_note
from ledger.values import Operator
from projections.readmodel.catch_up import catch_up
from tests.projections.ledgers import HOUR, Book, enrolled, instant, joined, opened, term, times

FOUNDED = instant(2025, 9, 1, 8)
CODES = "/\\LNOUIMCBPVX"


@dataclass
class Life:
    """A ledger that grows by random transactions; who holds its keys, and whom it trusts."""

    folder: Folder
    rng: random.Random
    at: int = FOUNDED
    signers: list[tuple[int, Signer]] = field(default_factory=list)
    witness: Signer = None
    marks: dict[str, str] = field(default_factory=dict)
    pupils: list[str] = field(default_factory=list)

    @classmethod
    def begin(cls, path: Path, seed: int) -> "Life":
        """A school with a few pupils and a witness."""
        life = cls(Folder(path), random.Random(seed))  # noqa: S311 - reproducible
        CreateLedger(staff="S1", name="Ada Marsh", job_title="Clerk", role=("head",)).carry_out(
            life.context(None)
        )
        life.signers.append((1, signing.load(life.folder.signing_key)))
        name = f"witness{seed}.example"
        life.witness = new_signer(name, life.rng.randbytes(32), COSIGNATURE)
        life.book = object.__new__(Book)
        life.book.folder, life.book.versions = life.folder, {}
        with life.book.writing():
            life.found()
        return life

    def context(self, staff: str | None = "S1") -> Context:
        return Context(Ledger(self.folder), lambda: self.at, Operator(staff, "tests"), watch)

    def found(self) -> None:
        self.pupils = [f"{self.rng.getrandbits(40):x}" for _ in range(self.rng.randint(1, 4))]
        facts = [opened(), times(date(2024, 9, 1))]
        facts.append(term("Autumn", date(2025, 9, 3), date(2026, 7, 17)))
        for pupil in self.pupils:
            facts += [enrolled(pupil, date(2025, 9, 3)), joined(pupil, "registration", "9A")]
        self.commit(*facts)

    def commit(self, *facts: Fact) -> None:
        self.at += self.rng.randrange(HOUR)
        self.book.commit(self.at, *facts, by="S1")

    def grow(self) -> None:
        chance = self.rng.random()
        if chance < 0.03 and len(self.signers) < 3:
            self.rotate()
            return
        with self.book.writing():
            if chance < 0.15 and self.trusted:
                self.cosign()
            elif chance < 0.3 and not self.trusted:
                self.trust()
            else:
                self.commit(*self.facts())

    def facts(self) -> Iterator[Fact]:
        for _ in range(self.rng.randint(1, 6)):
            pupil = self.rng.choice(self.pupils)
            day = date(2025, 9, 3) + timedelta(days=self.rng.randrange(200))
            stream = streams.mark(pupil, f"{day}/{self.rng.choice(['AM', 'PM'])}")
            yield Fact(stream, self.marked(stream))

    def marked(self, stream: str) -> object:
        code, before = self.rng.choice(CODES), self.marks.get(stream)
        self.marks[stream] = code
        if before is None:
            return SessionMarked(code=code, comment="späť 8 min" if code == "L" else None)
        return MarkAmended(
            original=before, code=code, reason="a letter came", by="S1", name="Ada Marsh",
            job_title="Clerk",
        )  # fmt: skip

    @property
    def trusted(self) -> bool:
        return streams.WITNESSES in self.book.versions

    def trust(self) -> None:
        key = self.witness.verifier.vkey
        event = WitnessTrusted(key=key, by="S1", name="Ada Marsh", job_title="Clerk")
        self.commit(Fact(streams.WITNESSES, event))

    def cosign(self) -> None:
        store = self.book.store
        signature = self.witness.sign(store.checkpoint().text, self.at // SECOND)
        store.keep_cosignature(store.head(), signature, self.witness.verifier)

    def rotate(self) -> None:
        RotateKey().carry_out(self.context())
        self.signers.append((self.folder.head() - 1, signing.load(self.folder.signing_key)))


@dataclass(frozen=True)
class Base:
    """A ledger as it is today, and as it was last week, with what its makers know of it."""

    today: Folder
    last_week: Folder
    signers: list[tuple[int, Signer]]
    witness: Signer
    pupils: list[str]


def make_base(path: Path, seed: int) -> Base:
    """Let a ledger live, with a copy from some time ago; it has views, and a cosignature."""
    life = Life.begin(path / "today", seed)
    with life.book.writing():
        life.trust()
        life.commit(*life.facts())
        life.cosign()
        life.commit(*life.facts())
    for _ in range(life.rng.randint(1, 12)):
        life.grow()
    settle(life.folder)
    shutil.copytree(life.folder.path, path / "last-week")
    with life.book.writing():
        life.commit(*life.facts())
        life.commit(*life.facts())
    for _ in range(life.rng.randint(0, 6)):
        life.grow()
    catch_up(life.folder)
    settle(life.folder)
    there = Folder(path / "last-week")
    return Base(life.folder, there, life.signers, life.witness, life.pupils)


def settle(folder: Folder) -> None:
    """Bring everything that waits into the files themselves."""
    for path in folder.path.rglob("*.db"):
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def newest_note(folder: Folder) -> Note:
    with closing(Store(folder.log)) as store:
        return store.checkpoint()


def notes(folder: Folder) -> dict[int, Note]:
    with closing(sqlite3.connect(folder.log)) as db:
        found = db.execute("SELECT size, note FROM checkpoints ORDER BY size").fetchall()
    return {size: read_note(note) for size, note in found}
