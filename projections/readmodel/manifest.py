"""The manifest of the grid: which files hold which year, and how far they have come."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from projections.readmodel.tables import LAYOUT, Reached

_FILE = "manifest.json"


@dataclass(slots=True)
class Manifest:
    """``codes``: the code book, 0 = no mark; ``partitions``: year -> stem of its files' names."""

    position: int = 0
    anchor: str = ""
    layout: int = LAYOUT
    codes: list[str] = field(default_factory=lambda: [""])
    partitions: dict[str, str] = field(default_factory=dict)

    @property
    def reached(self) -> Reached:
        """How far the grid has come."""
        return Reached(self.position, self.anchor)


def read(folder: Path) -> Manifest | None:
    """Return the manifest; none where there is no grid, or one that must be made anew."""
    try:
        found = Manifest(**json.loads((folder / _FILE).read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return found if found.layout == LAYOUT else None


def write(folder: Path, manifest: Manifest) -> None:
    """Put a manifest in the place of the one before, at once."""
    waiting = folder / f"{_FILE}.{os.getpid()}"
    waiting.write_text(json.dumps(asdict(manifest)), encoding="utf-8")
    waiting.replace(folder / _FILE)
