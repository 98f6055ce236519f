"""A fault at any system call of a command leaves a sound ledger, and an honest word.

Killed before the call, told of an I/O error by it, or of a full disk. What was called done is
there; all of a command or none of it; nothing that stays behind stops the next one.
"""

import random
import shutil
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

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

SAMPLE = 2
"""How many points of each command and fault the ordinary run tries."""
COMMANDS = {
    "mark": "mark 1006 2026-11-23/AM / --comment Bus --reason Forgotten",
    "take": "register take --group 9B --session 2026-11-23/PM --rest-present",
    "amend": "amend --pupil 1006 --session 2026-11-20/AM --code I --reason Telephoned",
    "staff": "staff add M02 --name Mallow --job-title Clerk",
    "import": f"import portable {SOURCE}",
}
NEXT = "staff add Z99 --name Zoe --job-title Cook"


class Trial:
    """One command with one fault, at a copy of a ledger; what is wrong afterwards, in words."""

    def __init__(self, program: Program, place: Path, command: str) -> None:
        self.program, self.place = program, place
        self.arguments = ["--as", "H01", *command.split()]
        self.folder = Folder(place / "ledger")
        self.wrong: list[str] = []

    def note(self) -> None:
        self.before = assert_whole(recorded(self.folder))

    def run(self, *options: str) -> Ran:
        self.note()
        return self.program.watched(self.place, self.arguments, *options)

    def judge(self, ran: Ran) -> list[str]:
        """Return all that is wrong after the command ended."""
        for check in (self._log, self._words, self._goes_on):
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
        events = recorded(self.folder)
        self.more = assert_whole(events) - self.before
        assert_keys_are_there(self.folder, events)
        self._say(fails=self.more > 1, what=f"recorded {self.more} times")
        self._say(fails=ran.code == 0 and not self.more, what="called done, and not recorded")
        self._say(fails=ran.code > 0 and bool(self.more), what=f"recorded, exit code {ran.code}")

    def _words(self, ran: Ran) -> None:
        said = ran.out + ran.err
        self._say(fails="Traceback" in said, what=f"traceback: {said.strip().splitlines()[-1:]}")
        if ran.code > 0 and "Traceback" not in said:
            honest = ran.code == 1 and "refused: " in ran.err and "  do:    " in ran.err
            self._say(fails=not honest, what=f"exit code {ran.code} and no sentence: {said!r}")
        denied = "nothing was recorded" in said and "already" not in said
        self._say(fails=denied and bool(self.more), what="recorded, and said that nothing was")

    def _goes_on(self, _: Ran) -> None:
        again = self.program.run(self.place, self.arguments)
        repeated = again.code == 0 or (self.more and again.code == 1 and "refused: " in again.err)
        self._say(fails=not repeated, what=f"cannot be repeated: {again.err.strip()!r}")
        then = self.program.run(self.place, ["--as", "H01", *NEXT.split()])
        self._say(fails=then.code != 0, what=f"nothing works any more: {then.err.strip()!r}")
        rolled = "WARNING" in again.out + again.err + then.out + then.err
        self._say(fails=rolled, what=f"cries wolf: {(again.out + then.out).strip()!r}")
        found = self.program.run(self.place, ["verify"])
        unaltered = found.code == 0 and "unaltered" in found.out
        self._say(fails=not unaltered, what=f"verify: {(found.out + found.err).strip()!r}")
        assert_views_agree(self.folder)


def chosen(found: Sequence[Point], seed: str, *, every: bool) -> Sequence[Point]:
    """Return every point, or a few by lot."""
    few = min(SAMPLE, len(found))
    return found if every else random.Random(seed).sample(found, few)  # noqa: S311 - no secret


@pytest.fixture(scope="module")
def calls(strace, program, born, taken, tmp_path_factory) -> Callable[[str, str], list[Point]]:
    del strace
    watched: dict[str, tuple[Ran, Path]] = {}

    def found(kind: str, fault: str) -> list[Point]:
        if kind not in watched:
            place = tmp_path_factory.mktemp("watched")
            shutil.copytree(born if kind == "import" else taken, place, dirs_exist_ok=True)
            one = Trial(program, place, COMMANDS[kind])
            watched[kind] = one.run("-e", traced(CHANGES + READS)), place
        return points(*watched[kind], fault)

    return found


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", COMMANDS)
def test_a_fault_at_any_system_call_leaves_a_sound_ledger(request, tmp_path, calls, kind, fault):
    """All or nothing, acknowledged or refused in words, and everything goes on."""
    base, program = (
        request.getfixturevalue(name)
        for name in ("born" if kind == "import" else "taken", "program")
    )
    found = calls(kind, fault)
    assert len(found) > 30
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
