"""Ledgers and answers as they are kept: packed, and the same bytes for the same content."""

import json
import lzma
import tarfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LEDGERS = HERE / "ledgers"
IDS = LEDGERS / "ids.json"
"""The ids that the ledger of everything made up, by the names that ``values.toml`` uses."""
KEPT = HERE / "kept"
_FAST_AND_FAR = [{"id": lzma.FILTER_LZMA2, "preset": 3, "dict_size": 64 << 20}]
"""Answers repeat each other at a distance: looking far back packs them, not looking hard."""
Answer = dict[str, Any]
"""What a call ended with: ``code``, and what there is of out, err, files and events."""


def names() -> list[str]:
    """Return the names of the ledgers that are kept."""
    return sorted(path.name.removesuffix(".tar.xz") for path in LEDGERS.glob("*.tar.xz"))


def pack(name: str, *folders: Path) -> None:
    """Keep a ledger with the folders beside it; its views are left out, being disposable."""
    LEDGERS.mkdir(exist_ok=True)
    with tarfile.open(LEDGERS / f"{name}.tar.xz", "w:xz", preset=9) as archive:
        for folder in folders:
            for path in sorted(folder.rglob("*")):
                inside = path.relative_to(folder.parent)
                if path.is_file() and "views" not in inside.parts:
                    archive.add(path, str(inside), filter=_bare)


def _bare(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out whose file it was and when it was written."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member


def unpack(name: str, place: Path) -> None:
    """Put a ledger and what is beside it into a folder."""
    with tarfile.open(LEDGERS / f"{name}.tar.xz") as archive:
        archive.extractall(place, filter="data")


def with_ids(text: str) -> str:
    """Put the ids that the ledger of everything made up where a text names them: ``{leave0}``."""
    for name, found in json.loads(IDS.read_text("utf-8")).items():
        text = text.replace(f"{{{name}}}", found)
    return text


def kept(name: str) -> dict[str, Answer]:
    """Return the answers kept of a ledger, by command line."""
    path = KEPT / f"{name}.json.xz"
    if not path.exists():
        return {}
    found: dict[str, Answer] = json.loads(lzma.decompress(path.read_bytes()))
    return found


def keep(name: str, answers: dict[str, Answer], place: Path = KEPT) -> int:
    """Keep the answers of a ledger; return the size of the file."""
    place.mkdir(exist_ok=True)
    text = json.dumps(answers, ensure_ascii=False, indent=0, sort_keys=True)
    packed = lzma.compress(text.encode(), filters=_FAST_AND_FAR)
    (place / f"{name}.json.xz").write_bytes(packed)
    return len(packed)
