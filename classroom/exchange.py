"""Collecting from nbgrader's exchange, where the students' folder is open to every student.

nbgrader believes a submission's name: whoever knows the pattern can hand in as somebody else, and a link in a
submission is followed with the teacher's rights. Here a submission belongs to the account that owns it, and
only ordinary files are read. In ``nbgrader_config.py``::

    from classroom.exchange import CollectFromOwners
    c.ExchangeFactory.collect = CollectFromOwners
"""

import contextlib
import datetime
import os
import pwd
import re
import secrets
import stat
from pathlib import Path

from nbgrader.exchange import ExchangeError
from nbgrader.exchange.default import ExchangeCollect

from classroom.submission import LARGEST

SECRET = "submission_secret.txt"  # nbgrader gives feedback to whoever knows it
_SECRET = re.compile(rb"[0-9a-f]{32,256}")
MOST_FILES = 20


class CollectFromOwners(ExchangeCollect):
    """nbgrader's collecting, for submissions that may be anything.

    A folder handed in under another student's name counts as its owner's. What has no owner or no readable
    date is passed over with a warning. Links, pipes, folders and too large files stay where they are.
    With ``check_owner`` off (all students are one account), names are believed.
    """

    def init_src(self):
        """Choose the submission of each student that counts."""
        super().init_src()
        self.src_records = [record for record in self.src_records if record["username"] is not None]

    def _path_to_record(self, path):
        try:
            record = super()._path_to_record(path)
            status = os.lstat(path)
            if not stat.S_ISDIR(status.st_mode):
                raise ValueError("it is no folder")
            owner = pwd.getpwuid(status.st_uid).pw_name if self.check_owner else record["username"]
        except (ExchangeError, ValueError, OverflowError, KeyError, OSError) as error:
            self.log.warning("Passed over %s: %s", path, error)
            return {"username": None, "filename": Path(path).name, "timestamp": datetime.datetime.min}
        if owner != record["username"]:
            self.log.warning("%s belongs to %s, and counts as theirs", path, owner)
        return {**record, "username": owner}

    def do_copy(self, src, dest, log=None):
        """Copy the ordinary files of a submission; whatever goes wrong costs its author alone."""
        dest = Path(dest)
        dest.mkdir(parents=True)
        moment = super()._path_to_record(src)["timestamp"]  # its own timestamp.txt may say anything
        (dest / "timestamp.txt").write_text(moment.strftime("%Y-%m-%d %H:%M:%S.%f UTC"))
        files = self._files(src)
        if not _SECRET.fullmatch(files.get(SECRET, b"")):  # without one, nobody's feedback would be released
            files[SECRET] = secrets.token_hex(64).encode()
        for name, data in files.items():
            (dest / name).write_bytes(data)

    def _files(self, src):
        """Return {name: bytes} of a submission's notebooks and its secret, as far as they can be read."""
        try:
            folder = os.open(src, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            self.log.warning("%s could not be opened: %s", src, error.strerror)
            return {}
        files = {}
        try:
            wanted = [name for name in os.listdir(folder) if name.endswith(".ipynb") or name == SECRET]
            for name in sorted(wanted)[:MOST_FILES]:
                try:
                    files[name] = _read(folder, name)
                except OSError as error:
                    self.log.warning("%s/%s was not collected: %s", src, name, error)
        finally:
            os.close(folder)
        return files


def _read(folder, name):
    """Read an ordinary file of an opened folder; follow no link, wait for no pipe."""
    descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    with contextlib.closing(os.fdopen(descriptor, "rb")) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError("no ordinary file")
        if status.st_nlink > 1:
            raise OSError("a hard link to a file elsewhere")
        if status.st_size > LARGEST:
            raise OSError(f"more than {LARGEST // 2**20} MB")
        return file.read(LARGEST)
