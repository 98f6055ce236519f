"""The manifest of the grid: which files hold which year, and how far they have come.

Apart from the grid, so that asking how far it has come does not load NumPy.
"""

import json
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from ledger.files import write_new
from ledger.store.folder import Folder
from projections.readmodel.tables import LAYOUT, Reach

_FILE = "manifest.json"


def grid_path(folder: Folder) -> Path:
    """Return where the grid is."""
    return folder.views / "grid"


class Written(NamedTuple):
    """A file as it was left: its SHA-256 (hex), its size in bytes and when it was changed (ns)."""

    sha256: str
    size: int
    changed: int

    @classmethod
    def of(cls, path: Path) -> "Written":
        """Return a file as it is now."""
        found = path.stat()
        return cls(sha256(path.read_bytes()).hexdigest(), found.st_size, found.st_mtime_ns)

    def is_still(self, path: Path) -> bool:
        """Tell whether a file is as it was left; it is read only where size or time are others."""
        found = path.stat()
        if (found.st_size, found.st_mtime_ns) == (self.size, self.changed):
            return True
        return Written.of(path).sha256 == self.sha256


@dataclass(slots=True)
class Manifest:
    """``codes``: the code book, 0 = no mark; ``partitions``: year -> stem of its files' names.

    ``files``: each file as it was left, by its name.
    """

    position: int = 0
    anchor: str = ""
    layout: int = LAYOUT
    codes: list[str] = field(default_factory=lambda: [""])
    partitions: dict[str, str] = field(default_factory=dict)
    files: dict[str, Written] = field(default_factory=dict)

    @property
    def reach(self) -> Reach:
        """How far the grid has come."""
        return Reach(self.position, self.anchor)


def read(grid: Path) -> Manifest | None:
    """Return the manifest; none where there is no grid, or one that must be made anew."""
    try:
        manifest = Manifest(**json.loads((grid / _FILE).read_bytes()))
        manifest.files = {name: Written(*kept) for name, kept in manifest.files.items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return None
    return manifest if manifest.layout == LAYOUT else None


def write(grid: Path, manifest: Manifest) -> None:
    """Put a manifest in the place of the one before, at once."""
    write_new(grid / _FILE, json.dumps(asdict(manifest)), replace=True)
