"""The cage itself: what a sealed process can no longer do, and what it still can."""

import os
import sys

import pytest

from classroom import cage
from classroom.answers import Limits, Sandbox

pytestmark = pytest.mark.skipif(cage.level() != "sealed", reason="this system cannot seal an answer in")

REFUSED = {
    "kill": "os.kill(os.getpid(), 0)",
    "kill all": "os.kill(-1, 0)",
    "signal a thread": "signal.raise_signal(signal.SIGUSR1)",
    "watch the grader": "os.pidfd_open(os.getppid())",
    "slow the grader": "os.setpriority(os.PRIO_PROCESS, os.getppid(), 19)",
    "limit the grader": "resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))",
    "raise its own limit": "resource.setrlimit(resource.RLIMIT_CPU, (10**6, 10**6))",
    "fork": "os.fork()",
    "spawn": "os.posix_spawn('/bin/true', ['true'], {})",
    "become a program": "os.execv('/bin/true', ['true'])",
    "a socket": "socket.socket()",
    "a pair of sockets": "socket.socketpair()",
    "memory with a name": "os.memfd_create('x')",
    "a new folder": "os.mkdir('/tmp/classroom-cage')",
    "a file": "open('/tmp/classroom-cage', 'w')",
    "a device's node": "os.mknod('/tmp/classroom-cage')",
    "a link": "os.symlink('/tmp', '/tmp/classroom-cage')",
    "modes": "os.chmod(OURS, 0o777)",
    "times": "os.utime(OURS)",
    "owners": "os.chown(OURS, 0, 0)",
    "attributes": "os.setxattr(OURS, 'user.x', b'1')",
    "a truncated file": "os.truncate(OURS, 0)",
    "a deleted file": "os.unlink(OURS)",
    "a renamed file": "os.rename(OURS, OURS + '2')",
    "our file": "open(OURS)",
    "its memory through /proc": "open('/proc/self/mem', 'rb')",
    "the users": "open('/etc/passwd')",
    "a list of files": "os.listdir(os.path.dirname(OURS))",
    "another root": "os.chroot('/usr')",
    "shared memory": "__import__('_posixshmem').shm_open('/x', os.O_CREAT | os.O_RDWR)",
    "a semaphore": "__import__('multiprocessing').Lock()",
}


@pytest.fixture(scope="module")
def sandbox():
    with Sandbox(Limits(seconds=20, cpu_seconds=5)) as sandbox:
        yield sandbox


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what, sandbox, tmp_path):
    ours = tmp_path / "gradebook.db"
    ours.write_text("marks")
    ours.chmod(0o666)  # as open as can be: the cage alone protects it
    before = ours.stat()
    head = f"import os, resource, signal, socket\nOURS = {str(ours)!r}"
    says = r"not permitted|denied|not allowed|No such file"
    cells = [head, f"def act():\n    return {REFUSED[what]}"]
    with sandbox.open(cells, "act") as answer, pytest.raises(Exception, match=says) as refusal:
        answer()
    assert type(refusal.value).__name__ in ("PermissionError", "ValueError", "FileNotFoundError")
    after = ours.stat()
    assert (after.st_mode, after.st_mtime_ns, after.st_size) == (before.st_mode, before.st_mtime_ns, 5)


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("len(os.urandom(4))", 4),
        ("np.linalg.eigvalsh(np.eye(3)).sum()", 3.0),
        ("sum(threads())", 6),
        ("open(os.devnull).read()", ""),
        ("__import__('decimal').Decimal(2) ** 2 == 4", True),
        ("sys.stdin.read()", ""),
        ("sorted(os.environ)[:1] != []", True),
    ],
)
def test_allowed(what, expected, sandbox):
    threads = (
        "def threads():\n    found = []\n"
        "    all = [threading.Thread(target=found.append, args=(i,)) for i in range(4)]\n"
        "    [t.start() for t in all]\n    [t.join() for t in all]\n    return found"
    )
    cells = ["import os, sys, threading\nimport numpy as np", threads, f"def act():\n    return {what}"]
    with sandbox.open(cells, "act") as answer:
        assert answer() == expected


def test_the_environment_holds_no_secrets(sandbox, monkeypatch):
    monkeypatch.setenv("HUB_TOKEN", "secret")
    with Sandbox() as own, own.open(["import os\ndef act(): return dict(os.environ)"], "act") as answer:
        assert "HUB_TOKEN" not in answer() and "HOME" in answer()


def test_only_the_socket_and_nothing_are_open(sandbox):
    source = (
        "import os\ndef act():\n    found = []\n    for fd in range(256):\n        try: os.fstat(fd)\n"
        "        except OSError: continue\n        found.append(fd)\n    return found"
    )
    with sandbox.open([source], "act") as answer:
        assert answer() == [0, 1, 2, 3]


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="needs root")
def test_root_is_given_up(sandbox):
    """Another user, or root with empty hands."""
    source = "import os\ndef act():\n    if os.getuid(): return 'other'\n    os.setuid(1)"
    with sandbox.open([source], "act") as answer:
        try:
            assert answer() == "other"
        except Exception as refusal:
            assert "not permitted" in str(refusal)


def test_hidden_files_stay_hidden_in_an_allowed_folder(tmp_path):
    """In a process of its own: the cage cannot be left again."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "a").write_text("a")
    (tmp_path / "open").write_text("b")
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            cage.restrict_files(cage.make_ruleset([tmp_path], [tmp_path / "secrets"]))
            assert (tmp_path / "open").read_text() == "b"
            try:
                (tmp_path / "secrets" / "a").read_text()
            except PermissionError:
                status = 0
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_elsewhere_there_is_less(monkeypatch):
    monkeypatch.setattr(cage, "landlock_version", lambda: 0)
    assert cage.level() == "limits"
    monkeypatch.setattr(cage.os, "name", "nt")
    assert cage.level() == "none"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not cage.seccomp_available()
