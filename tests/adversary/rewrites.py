"""Rewrites that are whole in themselves: only a memory outside the ledger can show them.

Each function returns the first entry that is not what it was. Whoever does these holds every key
that the ledger ever had; cosignatures of what was rewritten are taken away.
"""

import json
import shutil
from collections.abc import Callable

from ledger.store.schema import Row
from ledger.tlog.note import new_signer
from tests.adversary.hands import Trial, compact

Rewrite = Callable[[Trial], int]


def roll_the_folder_back(trial: Trial) -> int:
    """Last week's copy is put in the place of the folder."""
    shutil.rmtree(trial.folder.path)
    shutil.copytree(trial.base.last_week.path, trial.folder.path)
    return len(trial.rows()) + 1


def cut_off_the_end(trial: Trial) -> int:
    """The last transactions are taken away with everything that tells of them."""
    sizes = trial.sizes()
    size = trial.rng.choice(sizes[len(sizes) // 2 : -1])
    kept = max(size, trial.base.signers[-1][0] + 1)
    size = next(each for each in sizes if each >= kept)
    if size == sizes[-1]:
        size = sizes[-2]
    rows = trial.rows()[:size]
    return trial.rewrite(rows, [each for each in sizes if each <= size])


def sign_an_edit(trial: Trial) -> int:
    """A code is changed, and everything from there on signed again by the ledger's own key."""
    position, *_, state = trial.some("SessionMarked.v1")
    event = json.loads(state)
    event["code"] = "/" if event["code"] != "/" else "O"
    return trial.resigned(position, state=compact(event))


def sign_a_move(trial: Trial) -> int:
    """A first mark is moved to another pupil's session."""
    rows = trial.rows()
    streams = [row[1] for row in rows]
    single = [row for row in rows if row[1][:5] == "mark:" and streams.count(row[1]) == 1]
    position, stream, *_ = trial.rng.choice(single)
    return trial.resigned(
        position, stream=stream.replace("/AM", "/XX").replace("/PM", "/AM") + "0"
    )


def sign_a_removal(trial: Trial) -> int:
    """The last entry of a transaction is left out, and those after it move up."""
    return _renumbered(trial, lambda rows, at: rows[:at] + rows[at + 1 :], -1)


def sign_an_insertion(trial: Trial) -> int:
    """A mark that nobody made is put at the end of a transaction."""

    def inserted(rows: list[Row], at: int) -> list[Row]:
        one = rows[at]
        return [*rows[: at + 1], (0, one[1] + "0", 0, *one[3:]), *rows[at + 1 :]]

    return _renumbered(trial, inserted, 1)


def sign_with_a_fresh_key(trial: Trial) -> int:
    """The whole history, made anew under a key that nobody saw before; the ledger's id stays."""
    return _anew(trial, trial.base.signers[0][1].name)


def swap_the_history(trial: Trial) -> int:
    """The whole history, made anew under a fresh key and a fresh id."""
    return _anew(trial, "attendance-ledger/" + trial.rng.randbytes(16).hex())


REWRITES: tuple[Rewrite, ...] = (
    roll_the_folder_back, cut_off_the_end, sign_an_edit, sign_a_move, sign_a_removal,
    sign_an_insertion, sign_with_a_fresh_key, swap_the_history,
)  # fmt: skip
FRESH: tuple[Rewrite, ...] = (sign_with_a_fresh_key, swap_the_history)


def _renumbered(trial: Trial, change: Callable[[list[Row], int], list[Row]], by: int) -> int:
    """Change the last entry of a transaction of marks, with its header, and number anew."""
    rows, sizes, since = trial.rows(), trial.sizes(), trial.base.signers[-1][0]
    streams = [row[1] for row in rows]
    ends = [
        size
        for size in sizes
        if rows[size - 1][3] == "SessionMarked.v1" and streams.count(rows[size - 1][1]) == 1
        and size - 1 > since
    ]  # fmt: skip
    end = trial.rng.choice(ends)
    head = max(at for at in range(end) if rows[at][1] == "commits")
    event = json.loads(rows[head][4])
    event["count"] += by
    changed = list(rows)
    changed[head] = (*rows[head][:4], compact(event))
    changed = change(changed, end - 1)
    numbered = [(at, *row[1:]) for at, row in enumerate(changed, start=1)]
    return trial.rewrite(numbered, [each if each < end else each + by for each in sizes])


def _anew(trial: Trial, name: str) -> int:
    """Keep what was recorded, but for the name of the ledger and its only key."""
    signer = new_signer(name, trial.rng.randbytes(32))
    rows = []
    for row in trial.rows():
        if row[3] == "LedgerCreated.v1":
            changed = json.loads(row[4]) | {"ledger_id": name.rpartition("/")[2]}
            rows.append((*row[:4], compact(changed)))
        elif row[3] == "KeyAdopted.v1":
            first = '"signature"' not in row[4].decode()
            key = signer.verifier.vkey
            event = {"key": key} | ({} if first else {"signature": signer.hand_over(key)})
            nonce = json.loads(row[4])["nonce"]
            rows.append((*row[:4], compact(event | {"nonce": nonce})))
        else:
            rows.append(row)
    first = trial.rewrite(rows, trial.sizes(), [signer])
    (trial.folder.path / "signing.key").write_text(signer.written + "\n")
    return first
