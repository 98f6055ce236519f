"""``python -m tests.answers diff`` says what is answered otherwise; ``keep`` keeps the answers."""

import argparse
import sys
import time

from tests.answers import campaign, packed
from tests.answers.campaign import Asked

_OTHERS_SHOWN = 5


def main() -> int:
    """Ask, then compare or keep; end with 1 where anything differs."""
    given = _given()
    asked = Asked(given.only, given.sample, given.seed, given.jobs, tuple(given.ledger))
    found = 0
    for ledger in given.ledger or packed.names():
        began, lines = time.monotonic(), campaign.chosen(ledger, asked)
        now = campaign.answered(ledger, lines, given.jobs)
        took = f"{ledger}: {len(now)} questions in {time.monotonic() - began:.0f} s"
        if given.do == "keep":
            print(f"{took}, kept in {packed.keep(ledger, now) / 1000:.0f} kB")  # noqa: T201
        else:
            all_asked = given.only == "*" and given.sample is None
            kept = packed.kept(ledger)
            different = list(campaign.differences(kept, now, all_asked=all_asked))
            found += len(different)
            print(f"{took}, {len(different)} differ")  # noqa: T201
            _show(different, given.most)
    return 1 if found else 0


def _show(different: list[campaign.Difference], most: int) -> None:
    groups = list(campaign.grouped(different))
    for one, others in groups[:most]:
        print(f"\n$ {one.line}\n{one.text}", end="")  # noqa: T201
        for line in others[:_OTHERS_SHOWN]:
            print(f"  as in  {line}")  # noqa: T201
        if len(others) > _OTHERS_SHOWN:
            print(f"  and in {len(others) - _OTHERS_SHOWN} more")  # noqa: T201
    if len(groups) > most:
        print(f"\n{len(groups) - most} more differences: --most {len(groups)}")  # noqa: T201


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.answers", description=__doc__)
    parser.add_argument("do", choices=("diff", "keep"))
    parser.add_argument("--ledger", action="append", default=[], help="only this one")
    parser.add_argument(
        "--only", default="*", help="questions that hold this (* and ? stand for any)"
    )
    parser.add_argument("--sample", type=int, help="so many questions of each ledger")
    parser.add_argument("--seed", type=int, default=2026, help="which sample")
    parser.add_argument("--jobs", type=int, default=2, help="how many processes [2]")
    parser.add_argument("--most", type=int, default=40, help="show so many differences [40]")
    given = parser.parse_args()
    if given.do == "keep" and (given.only != "*" or given.sample is not None):
        parser.error("keep keeps all answers of a ledger: leave out --only and --sample")
    return given


if __name__ == "__main__":
    sys.exit(main())
