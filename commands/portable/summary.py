"""What an import tells whoever asked for it, in a few lines."""

from commands.portable.problems import SHOWN, Problems
from commands.portable.work import Work

_PASSED_OVER = ("rows without a mark", "rows where no entry is due")


def counts(work: Work) -> dict[str, int]:
    """Return what is recorded, passed over and gone, counted by kind."""
    gone = {f"gone: {name}": count for name, count in work.gone.items() if count}
    return {name: count for name, count in work.counts.items() if count} | gone


def recorded(work: Work) -> dict[str, int]:
    """Return what is recorded, counted by kind."""
    return {n: c for n, c in work.counts.items() if c and n not in _PASSED_OVER}


def says(work: Work, *, dry_run: bool) -> tuple[str, ...]:
    """Return what is recorded, passed over, gone, and found."""
    lines = [_recorded(work, dry_run=dry_run)]
    if passed := {n: work.counts[n] for n in _PASSED_OVER if work.counts[n]}:
        lines.append(f"passed over: {_listed(passed)}")
    if gone := {name: count for name, count in work.gone.items() if count}:
        lines.append(
            f"in the ledger, but no longer in the folder (nothing was changed): {_listed(gone)}"
        )
    lines += [f"{name} is no file of the portable format: passed over"
              for name in work.content.other]  # fmt: skip
    return (*lines, *work.notes, *_findings(work.problems))


def _recorded(work: Work, *, dry_run: bool) -> str:
    found = recorded(work)
    if not found:
        return "the ledger already holds all of this; nothing was recorded"
    return f"{'would be recorded' if dry_run else 'recorded'}: {_listed(found)}"


def _findings(problems: Problems) -> list[str]:
    found = problems.findings
    if not found:
        return []
    more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    shown = [f"  {problem.file}:{problem.line}: {problem.what}" for problem in found[:SHOWN]]
    return [f"recorded as stated, with {len(found)} findings:", *shown, *more]


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())
