"""``python -m tests.mutation --sample 200 --seed 7``: do the tests notice what is changed?"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.mutation import campaign
from tests.mutation.campaign import Area, Tried
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.trees import Judges, Tree

ROOT = Path(__file__).parents[2]
AREAS = (
    Area("policies", ("policies",)),
    Area("data", ("policies",), ".toml"),
    Area("projections", ("projections",)),
    Area("commands", ("commands",), without=("commands/demo/",)),
    Area("ledger", ("ledger",)),
)
TESTS = ["tests/policies", "tests/ledger", "tests/commands", "tests/projections", "tests/cli"]
PACKAGES = ("policies", "ledger", "commands", "projections")


def main() -> int:
    """Draw, try, print the score; end with 1 where a mutant survived."""
    given = _given()
    chosen = _of_line(given.at) if given.at else _sample(given)
    with tempfile.TemporaryDirectory(prefix="mutation-") as work:
        trees = [Tree.copied(ROOT, Path(work) / str(n)) for n in range(given.jobs)]
        judges = _judges(trees[0], given.measured)
        began = time.monotonic()
        tried = campaign.run(chosen, trees, judges, given.limit, _tell)
        took = time.monotonic() - began
    print(f"{len(tried)} mutants, seed {given.seed}, in {took:.0f} s\n")  # noqa: T201
    for key in (_area, lambda each: each.mutant.operator):
        print("\n".join(campaign.table(tried, key)), "\n")  # noqa: T201
    lines = list(campaign.survivors(tried))
    print("\n".join(lines) or "no mutant survived")  # noqa: T201
    return 1 if lines else 0


def _sample(given: argparse.Namespace) -> list[Mutant]:
    return campaign.sample(ROOT, AREAS, given.sample, given.seed, given.only)


def _of_line(place: str) -> list[Mutant]:
    path, _, line = place.rpartition(":")
    return [each for each in mutants(path, (ROOT / path).read_bytes()) if each.line == int(line)]


def _judges(tree: Tree, measured: Path | None) -> Judges:
    if measured and measured.exists():
        return Judges.read(measured, tree, TESTS)
    judges = Judges.measured(tree, TESTS, PACKAGES)
    if measured:
        measured.write_bytes((tree.root / ".coverage").read_bytes())
    return judges


def _area(each: Tried) -> str:
    path = each.mutant.path
    return "data" if path.endswith(".toml") else path.split("/")[0]


def _tell(each: Tried) -> None:
    mutant = each.mutant
    print(  # noqa: T201
        f"{each.outcome:10} {mutant.path}:{mutant.line} {mutant.operator} {each.by}",
        file=sys.stderr, flush=True,
    )  # fmt: skip


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("--sample", type=int, default=200, help="how many mutants [200]")
    parser.add_argument("--seed", type=int, default=7, help="which sample [7]")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once [2]")
    parser.add_argument("--only", default="", help="of files whose path begins so")
    parser.add_argument("--at", default="", help="FILE:LINE: every mutant of this line instead")
    parser.add_argument("--limit", type=float, default=600, help="seconds for a mutant [600]")
    parser.add_argument(
        "--measured", type=Path, help="keep in this file which tests run which line, or read it"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
