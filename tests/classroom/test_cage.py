"""The cage itself: what a sealed process can no longer do, and what it still can."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from classroom import cage, container, nursery
from classroom.answers import Limits, Sandbox

pytestmark = pytest.mark.skipif(cage.level() != "sealed", reason="this system cannot seal an answer in")

HEAD = """
import ctypes, fcntl, os, platform, resource, signal, socket

X86 = platform.machine() == "x86_64"


def call(*arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(*arguments) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
"""
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
    "a truncated file, opened to be read": "os.open(OURS, os.O_RDONLY | os.O_TRUNC)",
    "a file without a name": "os.open('/tmp', os.O_TMPFILE | os.O_RDWR)",
    "a new file, opened to be read": "os.open('/tmp/classroom-cage', os.O_RDONLY | os.O_CREAT)",
    "an owner of a descriptor": "fcntl.fcntl(3, fcntl.F_SETOWN, os.getppid())",
    "a signal for a descriptor": "fcntl.fcntl(3, 10, signal.SIGKILL)",
    "a descriptor that signals": "fcntl.fcntl(3, fcntl.F_SETFL, os.O_ASYNC)",
    "a lease": "fcntl.fcntl(os.open(os.__file__, os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_RDLCK)",
    "a lock": "fcntl.flock(os.open(os.__file__, os.O_RDONLY), fcntl.LOCK_EX)",
    "a terminal's input": "fcntl.ioctl(0, 0x5412, b'x')",
    "ended shared memory": "call(31 if X86 else 195, 0, 0, 0)",
    "ended semaphores": "call(66 if X86 else 191, 0, 0, 0)",
    "watched folders": "call(294 if X86 else 26, 0)",
    "attributes by descriptor": "call(463, -100, OURS.encode(), 0, b'user.x', 0, 0)",
    "file attributes": "call(469, -100, OURS.encode(), 0, 0, 0)",
    "a call of tomorrow": "call(600)",
    "a call of another table": "call(0x40000000 + 39)",
    "a name space": "call(272 if X86 else 97, 0x10000000)",
    "another's memory": "call(310 if X86 else 270, os.getppid(), 0, 0, 0, 0, 0)",
    "asynchronous I/O": "call(425, 8, 0)",
}


@pytest.fixture(scope="module", params=["in a container", "without one"])
def sandbox(request):
    contained = request.param == "in a container"
    if contained and not container.works():
        pytest.skip("this system has no bubblewrap, or may not make containers")
    with Sandbox(Limits(seconds=20, cpu_seconds=5), contained=contained) as sandbox:
        yield sandbox


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what, sandbox, tmp_path):
    ours = tmp_path / "gradebook.db"
    ours.write_text("marks")
    ours.chmod(0o666)  # as open as can be: the cage alone protects it
    before = ours.stat()
    head = f"OURS = {str(ours)!r}\n{HEAD}"
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


@pytest.mark.skipif(not container.works(), reason="this system has no bubblewrap, or may not make containers")
def test_a_container_alone_shows_nothing_of_the_machine(tmp_path):
    """As if the cage had a hole: neither files of ours nor processes, and the references are not mounted."""
    (tmp_path / "gradebook.db").write_text("marks")
    exercises = Path(cage.__file__).parent.parent / "lessons" / "exercises"
    look = (
        "import os, sys; print([os.path.exists(path) for path in sys.argv[1:]], "
        "sum(name.isdigit() for name in os.listdir('/proc')))"
    )
    paths = [str(tmp_path / "gradebook.db"), str(exercises / "lesson_01.py"), "/etc/passwd", "/home"]
    command = [*container.prefix(*nursery.needed()), sys.executable, "-I", "-c", look, *paths]
    shown = subprocess.run(command, capture_output=True, text=True)
    assert shown.stdout.split("] ")[0] == "[False, False, False, False", shown.stderr
    assert int(shown.stdout.split("] ")[1]) <= 2


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
