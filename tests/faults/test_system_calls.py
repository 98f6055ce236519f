"""A fault at any system call of a command leaves a sound ledger, and an honest word.

Killed before the call, told of an I/O error by it, or of a full disk. What was called done is
there; all of a command or none of it; nothing that stays behind stops the next one.
"""

import random
import re
import shutil
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from ledger.store.folder import Folder
from tests.faults.conftest import SOURCE
from tests.faults.injection import (
    CHANGES,
    FAULTS,
    READS,
    Point,
    Program,
    Ran,
    injected,
    points,
    traced,
)
from tests.faults.soundness import (
    assert_keys_are_there,
    assert_views_agree,
    assert_whole,
    recorded,
)

FEWEST = 4
"""A new file is opened, written, made sure of and named; fewer points: nothing was watched."""
SAMPLE = 2
"""How many points of each command and fault the ordinary run tries."""


class Kind(NamedTuple):
    """A command that writes: what it begins with, and what it does.

    ``base``: the fixture that it is given a copy of; ``records``: whether it records in that
    ledger; ``makes``: the file or folder that it makes beside the ledger, if any.
    """

    command: str
    base: str = "taken"
    records: bool = True
    makes: str = ""


_PHRASE = "--passphrase-file {place}/phrase"
COMMANDS = {
    "mark": Kind("mark 1006 2026-11-23/AM / --comment Bus --reason Forgotten"),
    "take": Kind("register take --group 9B --session 2026-11-23/PM --rest-present"),
    "amend": Kind("amend --pupil 1006 --session 2026-11-20/AM --code I --reason Telephoned"),
    "evidence": Kind(
        "amend --pupil 1006 --session 2026-11-20/AM --code I --reason Letter "
        "--evidence {place}/phrase --keep-evidence --evidence-note Letter",
        "used",
    ),
    "staff": Kind("staff add M02 --name Mallow --job-title Clerk"),
    "import": Kind(f"import portable {SOURCE}", "born"),
    "terms": Kind("terms set Spring --first 2027-01-04 --last 2027-03-25"),
    "closures": Kind("closures add 2026-12-09 --reason Funeral"),
    "redact": Kind("redact {text} reason --reason Mistaken", "used"),
    "rotate": Kind("key rotate"),
    "init": Kind(
        "init --staff H01 --name Hope --job-title Headteacher", "nothing", makes="ledger"
    ),
    "back-up": Kind(f"backup create --to {{place}}/made {_PHRASE}", "used", makes="made"),
    "restore": Kind(
        f"backup restore {{place}}/kept --to {{place}}/made {_PHRASE}",
        "used",
        records=False,
        makes="made",
    ),
    "keys": Kind(f"backup restore {{place}}/kept --keys-only {_PHRASE}", "keyless", records=False),
    "export": Kind("export portable {place}/made", "used", records=False, makes="made"),
    "witness": Kind(
        "witness new trust.example/w1 --out {place}/made", "used", records=False, makes="made"
    ),
    "sign": Kind(
        "witness sign {place}/request --key {place}/w.key --state {place}/seen "
        "--trust {place}/school.pub --out {place}/made",
        "asked",
        records=False,
        makes="made",
    ),
}
NEXT = "staff add Z99 --name Zoe --job-title Cook"
DONE, REFUSED, INCOMPLETE = 0, 1, 4
_LEFT = re.compile(r"\.[0-9a-f]{32}\.(?:unfinished|whole)")
_SECRET = b"PRIVATE+KEY"


class Trial:
    """One command with one fault, at a copy of a ledger; what is wrong afterwards, in words."""

    def __init__(self, program: Program, place: Path, kind: Kind) -> None:
        self.program, self.place, self.kind = program, place, kind
        named = {"place": place, "text": _read(place / "text")}
        self.arguments = ["--as", "H01", *kind.command.format(**named).split()]
        self.folder = Folder(place / "ledger")
        self.made = place / kind.makes if kind.makes else None
        self.wrong: list[str] = []

    def note(self) -> None:
        self.before = self._headers()

    def _headers(self) -> int:
        return assert_whole(recorded(self.folder)) if self.folder.exists() else 0

    def run(self, *options: str) -> Ran:
        self.note()
        return self.program.watched(self.place, self.arguments, *options)

    def judge(self, ran: Ran) -> list[str]:
        """Return all that is wrong after the command ended."""
        for check in (self._log, self._words, self._goes_on, self._left):
            try:
                check(ran)
            except Exception as error:  # noqa: BLE001 - whatever a ledger that is broken raises
                where = traceback.extract_tb(error.__traceback__)[-1].name
                said = (str(error) or "it does not hold").splitlines()[0]
                self.wrong.append(f"{where}: {type(error).__name__}: {said}")
        return self.wrong

    def _say(self, *, fails: bool, what: str) -> None:
        if fails:
            self.wrong.append(what)

    def _log(self, ran: Ran) -> None:
        self.more = self._headers() - self.before
        if self.folder.keys.exists():
            assert_keys_are_there(self.folder, recorded(self.folder))
        lost = ran.code == DONE and not self._is_done()
        denied = ran.code == REFUSED and bool(self.more)
        self._say(fails=self.more > 1, what=f"recorded {self.more} times")
        self._say(fails=lost, what="called done, and is not")
        self._say(fails=denied, what=f"recorded, exit code {ran.code}")

    def _is_done(self) -> bool:
        made = self.made is None or self.made.exists()
        return made and bool(self.more or not self.kind.records)

    def _words(self, ran: Ran) -> None:
        said = ran.out + ran.err
        self._say(fails="Traceback" in said, what=f"traceback: {said.strip().splitlines()[-1:]}")
        if ran.code > 0 and "Traceback" not in said:
            lead = {REFUSED: "refused: ", INCOMPLETE: ("recorded as entry ", "done in part: ")}
            honest = ran.err.startswith(lead.get(ran.code, "?")) and "  do:    " in ran.err
            self._say(fails=not honest, what=f"exit code {ran.code} and no sentence: {said!r}")
        denied = (
            ran.code != INCOMPLETE and "nothing was recorded" in said and "already" not in said
        )
        self._say(fails=denied and bool(self.more), what="recorded, and said that nothing was")

    def _goes_on(self, _: Ran) -> None:
        done = self._is_done() or self._is_whole()
        again = self.program.run(self.place, self.arguments)
        repeated = again.code == DONE or (done and again.code == REFUSED)
        self._say(fails=not repeated, what=f"cannot be repeated: {again.err.strip()!r}")
        then = self.program.run(self.place, ["--as", "H01", *NEXT.split()])
        self._say(fails=then.code != 0, what=f"nothing works any more: {then.err.strip()!r}")
        rolled = "WARNING" in again.out + again.err + then.out + then.err
        self._say(fails=rolled, what=f"cries wolf: {(again.out + then.out).strip()!r}")
        for ledger in (self.folder.path, self.made):
            if ledger and (ledger / "ledger.db").exists():
                found = self.program.run(self.place, ["--ledger", str(ledger), "verify"])
                unaltered = found.code == 0 and "unaltered" in found.out
                self._say(fails=not unaltered, what=f"verify: {(found.out + found.err).strip()!r}")
        assert_views_agree(self.folder)

    def _is_whole(self) -> bool:
        """Tell whether a back-up is in its place that proves good, recorded or not."""
        if self.made is None or not self.made.is_file() or "backup" not in self.arguments:
            return False
        proved = [
            "backup",
            "verify",
            str(self.made),
            "--passphrase-file",
            str(self.place / "phrase"),
        ]
        return self.program.run(self.place, proved).code == DONE

    def _left(self, _: Ran) -> None:
        """Look for what was half-made, and for keys, where none belongs."""
        half = [path for path in self.place.rglob(".*") if _LEFT.fullmatch(path.name)]
        half = [path for path in half if "views" not in path.parts]
        self._say(fails=bool(half), what=f"left half-made: {half}")
        own = (
            *(self.folder.signing_key, self.place / "w.key"),
            *(self.made, self.made and self.made / "signing.key"),
        )
        keys = [
            path
            for path in self.place.rglob("*")
            if path.is_file() and path not in own and _SECRET in path.read_bytes()
        ]
        self._say(fails=bool(keys), what=f"a key is left in clear: {keys}")


def _read(path: Path) -> str:
    return path.read_text("utf-8").strip() if path.is_file() else ""


def chosen(found: Sequence[Point], seed: str, *, every: bool) -> Sequence[Point]:
    """Return every point, or a few by lot."""
    few = min(SAMPLE, len(found))
    return found if every else random.Random(seed).sample(found, few)  # noqa: S311 - no secret


@pytest.fixture(scope="module")
def calls(request, strace, program, tmp_path_factory) -> Callable[[str, str], list[Point]]:
    del strace
    watched: dict[str, tuple[Ran, Path]] = {}

    def found(kind: str, fault: str) -> list[Point]:
        if kind not in watched:
            place = tmp_path_factory.mktemp("watched")
            base = request.getfixturevalue(COMMANDS[kind].base)
            shutil.copytree(base, place, dirs_exist_ok=True)
            one = Trial(program, place, COMMANDS[kind])
            watched[kind] = one.run("-e", traced(CHANGES + READS)), place
        return points(*watched[kind], fault)

    return found


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", COMMANDS)
def test_a_fault_at_any_system_call_leaves_a_sound_ledger(request, tmp_path, calls, kind, fault):
    """All or nothing, acknowledged or refused in words, and everything goes on."""
    base, program = map(request.getfixturevalue, (COMMANDS[kind].base, "program"))
    found = calls(kind, fault)
    assert len(found) >= FEWEST
    every = request.config.getoption("--campaign")
    wrong, met = [], 0
    for point in chosen(found, f"{kind} {fault}", every=every):
        one = Trial(program, shutil.copytree(base, tmp_path / "trial"), COMMANDS[kind])
        ran = one.run("-e", traced((point.call,)), "-e", injected(point, fault))
        met += ran.code < 0 or "(INJECTED)" in ran.calls
        wrong += [f"{kind}, {fault} at {point}: {what}" for what in one.judge(ran)]
        shutil.rmtree(one.place)
    request.getfixturevalue("record_property")(
        "faults", f"{kind}, {fault}: {met} met of {len(found)} points"
    )
    assert met
    assert wrong == [], "\n".join(wrong)
