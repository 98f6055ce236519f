"""A seeded sample of mutants, tried on several trees at once, and the score that comes of it."""

import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from random import Random

from tests.mutation.mutants import Mutant, mutants
from tests.mutation.trees import Judges, Tree, judge

_EQUIVALENTS = Path(__file__).parent / "equivalents.toml"
_DEAD = ("killed", "timed out")
ANYTHING = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """A mutant, what became of it, and its line before and after."""

    mutant: Mutant
    outcome: str
    by: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Area:
    """Files that are sampled alike: those below some folders that end in ``ending``."""

    name: str
    folders: tuple[str, ...]
    ending: str = ".py"
    without: tuple[str, ...] = ()

    def files(self, root: Path) -> list[str]:
        """Return the paths below ``root``, in order."""
        found = (
            p.relative_to(root).as_posix() for f in self.folders for p in (root / f).rglob("*")
        )
        return sorted(
            p for p in found if p.endswith(self.ending) and not p.startswith(self.without)
        )


def sample(root: Path, areas: Sequence[Area], number: int, seed: int, only: str) -> list[Mutant]:
    """Draw mutants: each area by turns, in it each operator alike, in that each mutant alike.

    ``only``: of files whose path begins so. The same seed and tree give the same mutants.
    """
    random = Random(seed)  # noqa: S311 - a sample, no secret
    pools = [_by_operator(root, area, only) for area in areas]
    chosen: list[Mutant] = []
    while len(chosen) < number and any(pools):
        for pool in filter(None, pools):
            operator = random.choice(sorted(pool))
            found = pool[operator]
            chosen.append(found.pop(random.randrange(len(found))))
            if not found:
                del pool[operator]
    return chosen[:number]


def _by_operator(root: Path, area: Area, only: str) -> dict[str, list[Mutant]]:
    pool: dict[str, list[Mutant]] = {}
    for path in area.files(root):
        if path.startswith(only):
            for mutant in mutants(path, (root / path).read_bytes()):
                pool.setdefault(mutant.operator, []).append(mutant)
    return pool


def run(
    chosen: Sequence[Mutant], trees: Sequence[Tree], judges: Judges, limit: float,
    tell: Callable[[Tried], None],
) -> list[Tried]:  # fmt: skip
    """Try every mutant, as many at once as there are trees; ``tell`` of each as it ends."""
    free: SimpleQueue[Tree] = SimpleQueue()
    for tree in trees:
        free.put(tree)
    known = equivalents()
    sources = {each.path: (trees[0].root / each.path).read_bytes() for each in chosen}

    def one(mutant: Mutant) -> Tried:
        old, new = mutant.lines(sources[mutant.path])
        if known & {(mutant.path, old, new), (mutant.path, old, ANYTHING)}:
            return Tried(mutant, "equivalent", "", old, new)
        tree = free.get()
        try:
            outcome, by = judge(tree, mutant, judges.of(mutant), limit)
        finally:
            free.put(tree)
        tried = Tried(mutant, outcome, by, old, new)
        tell(tried)
        return tried

    with ThreadPoolExecutor(len(trees)) as pool:
        return list(pool.map(one, chosen))


def equivalents(path: Path = _EQUIVALENTS) -> set[tuple[str, str, str]]:
    """Return the changes known to change nothing, as (file, line before, line after).

    Of some lines it is `ANYTHING`: how much is done at once, which nobody can see.
    """
    listed = tomllib.loads(path.read_text("utf-8"))["equivalent"]
    return {
        (each["file"], each["old"], each.get("new", ANYTHING)) for each in listed if each["why"]
    }


def table(tried: Iterable[Tried], key: Callable[[Tried], str]) -> Iterator[str]:
    """Lay out the score by what ``key`` gives, with a last line for all."""
    rows: dict[str, list[str]] = {}
    for each in tried:
        rows.setdefault(key(each), []).append(each.outcome)
        rows.setdefault("all", []).append(each.outcome)
    yield f"{'':24}{'n':>5}  killed  timed out  survived  equivalent   score"
    for name in sorted(rows, key=lambda each: (each == "all", each)):
        outcomes = rows[name]
        killed, late, same = (outcomes.count(o) for o in (*_DEAD, "equivalent"))
        judged = len(outcomes) - same
        score = f"{100 * (killed + late) / judged:.0f} %" if judged else "-"
        alive = judged - killed - late
        yield f"{name:24}{len(outcomes):5}{killed:8}{late:11}{alive:10}{same:12}{score:>8}"


def survivors(tried: Iterable[Tried]) -> Iterator[str]:
    """List what no test noticed: file, line, operator, and the line before and after."""
    for each in tried:
        if each.outcome not in (*_DEAD, "equivalent"):
            mutant = each.mutant
            yield f"{mutant.path}:{mutant.line}: {mutant.operator} ({each.outcome})"
            yield f"    {each.old}"
            yield f"    {each.new}"
