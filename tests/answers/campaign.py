"""Ask all ledgers, keep the answers, and say what differs from those kept."""

import difflib
import fnmatch
import random
import shlex
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import NamedTuple

from tests.answers import asking, calls
from tests.answers.packed import Answer
from tests.answers.questions import Line

_CONTEXT = 2


class Asked(NamedTuple):
    """Which questions are asked, and by how many processes."""

    only: str = "*"
    sample: int | None = None
    seed: int = 2026
    jobs: int = 1
    ledgers: tuple[str, ...] = ()


class Difference(NamedTuple):
    """One question that is answered otherwise than it was."""

    line: str
    text: str


def written(ledger: str, line: Line) -> str:
    """Write a question as it would be typed."""
    return shlex.join(["attendance", "--ledger", ledger, *line])


def chosen(ledger: str, asked: Asked) -> list[Line]:
    """Return the questions of a ledger that are to be asked."""
    lines = [line for line in calls.of(ledger) if _wanted(ledger, line, asked.only)]
    if asked.sample is not None and asked.sample < len(lines):
        dice = random.Random(f"{asked.seed} {ledger}")  # noqa: S311
        lines = dice.sample(lines, asked.sample)
    return lines


def _wanted(ledger: str, line: Line, pattern: str) -> bool:
    return fnmatch.fnmatchcase(written(ledger, line), f"*{pattern}*")


def answered(ledger: str, lines: list[Line], jobs: int) -> dict[str, Answer]:
    """Ask a ledger, with several processes each a share of the questions."""
    shares = [lines[n::jobs] for n in range(jobs)]
    if jobs == 1:
        found = [asking.answers(ledger, lines)]
    else:
        with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
            found = list(pool.map(asking.answers, [ledger] * jobs, shares))
    return {written(ledger, line): a for share in found for line, a in share.items()}


def differences(
    kept: Mapping[str, Answer], now: Mapping[str, Answer], *, all_asked: bool
) -> Iterator[Difference]:
    """Yield what is answered otherwise, what is new, and what is asked no more."""
    for line in kept:
        if line not in now:
            if all_asked:
                yield Difference(line, "  this question is asked no more\n")
        elif now[line] != kept[line]:
            yield Difference(line, _diff(kept[line], now[line]))
    for line in now:
        if line not in kept:
            yield Difference(line, "  this question is new: no answer to it is kept\n")


def _diff(before: Answer, after: Answer) -> str:
    diff = difflib.unified_diff(
        _as_lines(before), _as_lines(after), "kept", "now", n=_CONTEXT, lineterm=""
    )
    return "".join(f"  {line}\n" for line in diff)


def _as_lines(answer: Answer) -> list[str]:
    """Write an answer as a person would have seen it."""
    seen = [f"exit code {answer['code']}"]
    for name in ("out", "err", "events"):
        seen += [f"{name}| {line}" for line in answer.get(name, "").split("\n")[:-1]]
        rest = answer.get(name, "").rpartition("\n")[2]
        seen += [f"{name}| {rest} (without an end of line)"] if rest else []
    for file, content in answer.get("files", {}).items():
        seen += [f"{file}| {line}" for line in content.splitlines()]
    return seen


def grouped(found: list[Difference]) -> Iterator[tuple[Difference, list[str]]]:
    """Yield each difference once, with the other questions that it was found in."""
    groups: dict[str, list[Difference]] = {}
    for one in found:
        groups.setdefault(_essence(one.text), []).append(one)
    for group in groups.values():
        yield group[0], [other.line for other in group[1:]]


def _essence(text: str) -> str:
    """Return the lines of a difference that changed, without those around them."""
    changed = (line for line in text.splitlines() if line[:3] in ("  +", "  -"))
    return "\n".join(changed) or text
