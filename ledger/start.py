"""The program's first lines: Ctrl-C is answered while the rest is still being loaded, too.

What is set for the whole process is set here, before anything is loaded.
"""

import atexit
import gc
import os
import signal

_OBJECTS = 200_000
"""So many more are made before garbage in cycles is looked for: most commands end first."""
_TOLD = b"interrupted; nothing was recorded\n"


def main() -> None:
    """Load the command line and run it."""
    before = signal.getsignal(signal.SIGINT)
    answered = before is signal.default_int_handler  # in the background Ctrl-C is ignored
    if answered:
        signal.signal(signal.SIGINT, _end)
    # NumPy counts here and never multiplies matrices: threads for that cost more than they give.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.set_threshold(_OBJECTS)
    atexit.register(gc.freeze)  # what the end of the process gives back is not searched either
    from cli import main as run  # noqa: PLC0415 - what takes so long that it may be interrupted

    run(ready=lambda: answered and signal.signal(signal.SIGINT, before))


def _end(_number: int, _frame: object) -> None:
    """End at once: whatever is being loaded has nothing to tidy up."""
    os._exit(os.write(2, _TOLD) and 128 + signal.SIGINT)
