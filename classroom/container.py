"""A container around the nursery: bubblewrap, where this system has it and allows it.

The processes within see only the files that are mounted for them, all but a scratch folder read-only, no
process outside, no network and no shared memory: a hole in the cage (`classroom.cage`) is not a way out yet.

Source: bubblewrap's manual, bwrap(1).
"""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

APART = [
    "--unshare-pid",
    "--unshare-ipc",
    "--unshare-net",
    "--unshare-uts",
    "--die-with-parent",
    "--new-session",
]


def prefix(readable, hidden=(), kept=()):
    """Return the words to put before a command so that it runs in a container; none where there can be none.

    Parameters
    ----------
    readable : iterable of Path
        Files and folders that are to be seen within, read-only.
    hidden : iterable of Path
        Folders among them that are to be empty.
    kept : iterable of Path
        Files in hidden folders that are to be seen all the same.

    Returns
    -------
    list of str
    """
    if not works():
        return []
    words = [shutil.which("bwrap"), *_apart()]
    words += ["--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--chdir", "/"]
    words += mounted(readable)
    for path in hidden:
        words += ["--tmpfs", str(path)]
    for path in kept:
        words += ["--ro-bind", str(path), str(path)]
    return [*words, "--"]


def mounted(paths):
    """Return the words that show paths, read-only, in folders that are open to every user within."""
    paths, words = {Path(path) for path in paths}, []
    for folder in sorted({folder for path in paths for folder in path.parents} - paths):
        words += ["--perms", "0755", "--dir", str(folder)]  # so that root can become somebody else
    for path in sorted(paths):
        words += ["--ro-bind-try", str(path), str(path)]
    return words


@functools.cache
def works():
    """Whether bubblewrap is installed and can make a container here, within another one for example."""
    bwrap = shutil.which("bwrap") if sys.platform == "linux" else None
    if bwrap is None:
        return False
    trial = [bwrap, *_apart(), "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc"]
    try:
        run = subprocess.run([*trial, "--", sys.executable, "-c", ""], capture_output=True, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.returncode == 0


def _apart():
    """The name spaces to leave; root needs no name space of users for it, and would lose its others there."""
    return APART if os.getuid() == 0 else [*APART, "--unshare-user"]


def places(*paths):
    """Return paths together with what they are links to, so that a link leads somewhere within, too."""
    return {place for path in paths for place in (Path(path), Path(path).resolve())}
