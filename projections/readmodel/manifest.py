"""The manifest of the grid: which files hold which year, and how far they have come.

Apart from the grid, so that asking how far it has come does not load NumPy.
"""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ledger.files import write_new
from ledger.store.folder import Folder
from projections.readmodel.tables import LAYOUT, Reach

_FILE = "manifest.json"


def grid_path(folder: Folder) -> Path:
    """Return where the grid is."""
    return folder.views / "grid"


@dataclass(slots=True)
class Manifest:
    """``codes``: the code book, 0 = no mark; ``partitions``: year -> stem of its files' names."""

    position: int = 0
    anchor: str = ""
    layout: int = LAYOUT
    codes: list[str] = field(default_factory=lambda: [""])
    partitions: dict[str, str] = field(default_factory=dict)

    @property
    def reach(self) -> Reach:
        """How far the grid has come."""
        return Reach(self.position, self.anchor)


def read(grid: Path) -> Manifest | None:
    """Return the manifest; none where there is no grid, or one that must be made anew."""
    try:
        manifest = Manifest(**json.loads((grid / _FILE).read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None
    return manifest if manifest.layout == LAYOUT else None


def write(grid: Path, manifest: Manifest) -> None:
    """Put a manifest in the place of the one before, at once."""
    write_new(grid / _FILE, json.dumps(asdict(manifest)), replace=True)
