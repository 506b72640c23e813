"""The cage itself: what a sealed process can no longer do, and what it still can."""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from classroom import answers, cage, container, nursery
from classroom.answers import Limits, Sandbox

ROOT = os.name == "posix" and os.getuid() == 0
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
    "the references": "open(REFERENCE)",
    "its memory through /proc": "open('/proc/self/mem', 'rb')",
    "the users": "open('/etc/passwd')",
    "a list of files": "os.listdir(os.path.dirname(OURS))",
    "another root": "os.chroot('/usr')",
    "shared memory": "__import__('_posixshmem').shm_open('/x', os.O_CREAT | os.O_RDWR)",
    "a semaphore": "__import__('multiprocessing').Lock()",
    "a file truncated by opening": "os.open(OURS, os.O_RDONLY | os.O_TRUNC)",
    "a file without a name": "os.open('/tmp', os.O_TMPFILE | os.O_RDWR)",
    "a file created by opening": "os.open('/tmp/classroom-cage', os.O_RDONLY | os.O_CREAT)",
    "an owner of a descriptor": "fcntl.fcntl(3, fcntl.F_SETOWN, os.getppid())",
    "a signal for a descriptor": "fcntl.fcntl(3, 10, signal.SIGKILL)",
    "a descriptor that signals": "fcntl.fcntl(3, fcntl.F_SETFL, os.O_ASYNC)",
    "a lease": "fcntl.fcntl(os.open(os.__file__, os.O_RDONLY), fcntl.F_SETLEASE, fcntl.F_RDLCK)",
    "a lock": "fcntl.flock(os.open(os.__file__, os.O_RDONLY), fcntl.LOCK_EX)",
    "a terminal's input": "fcntl.ioctl(0, 0x5412, b'x')",
    "a descriptor's size": "os.ftruncate(3, 0)",
    "its priority": "os.nice(1)",
    "its processors": "os.sched_setaffinity(0, {0})",
    "its folder": "os.chdir('/usr')",
    "a pipe": "os.pipe()",
    "a device's memory": "open('/dev/mem', 'rb')",
    "our file by /proc": "open('/proc/self/root' + OURS)",
    "the grader's environment": "open('/proc/%d/environ' % os.getppid(), 'rb')",
    "the grader's memory": "open('/proc/%d/mem' % os.getppid(), 'rb')",
    "a call of tomorrow": "call(600)",
    "a call of another table": "call(0x40000000 + 39)",
    "a name space": "call(272 if X86 else 97, 0x10000000)",
    "attributes by descriptor": "call(463, -100, OURS.encode(), 0, b'user.x', 0, 0)",
    "file attributes": "call(469, -100, OURS.encode(), 0, 0, 0)",
    "a message out of band": "socket.socket(fileno=os.dup(3)).send(b'x', socket.MSG_OOB)",
    "a descriptor sent": "socket.send_fds(socket.socket(fileno=os.dup(3)), [b'x'], [0])",
    "a priority lent": "call(202 if X86 else 98, ctypes.create_string_buffer(8), 6, 0, 0)",
}
CALLS = """
    shmctl 31 195, semctl 66 191, shmget 29 194, semget 64 190, msgget 68 186, mq_open 240 180,
    inotify_init1 294 26, fanotify_init 300 262, process_vm_readv 310 270, process_vm_writev 311 271,
    ptrace 101 117, tgkill 234 131, rt_sigqueueinfo 129 138, pidfd_send_signal 424 424, pidfd_getfd 438
    438, kcmp 312 272, process_madvise 440 440, io_uring_setup 425 425, io_uring_enter 426 426, io_setup
    206 0, bpf 321 280, perf_event_open 298 241, userfaultfd 323 282, keyctl 250 219, add_key 248 217,
    setns 308 268, mount 165 40, umount2 166 39, move_mount 429 429, open_tree 428 428, fsopen 430 430,
    mount_setattr 442 442, pivot_root 155 41, name_to_handle_at 303 264, open_by_handle_at 304 265,
    openat2 437 437, sendfile 40 71, copy_file_range 326 285, splice 275 76, tee 276 77, vmsplice 278
    75, fallocate 285 47, sync 162 81, reboot 169 142, sethostname 170 161, clock_settime 227 112,
    init_module 175 105, kexec_load 246 104, acct 163 89, setuid 105 146, setgid 106 144, setgroups 116
    159, capset 126 91, personality 135 92, seccomp 317 277, ioprio_set 251 30, mlockall 151 230,
    sched_setscheduler 144 119, connect 42 203, bind 49 200, listen 50 201, accept4 288 242, setsockopt
    54 208, shutdown 48 210, eventfd2 290 19, epoll_create1 291 20, timerfd_create 283 85, signalfd4 289
    74, landlock_create_ruleset 444 444, statmount 457 457, memfd_secret 447 447, listmount 458 458,
    lsm_set_self_attr 460 460, vhangup 153 58, syslog 103 116, mlock 149 228, msync 26 227, move_pages 279
    239, set_mempolicy 238 237, readahead 187 213, futex_waitv 449 449, membarrier 324 283, timer_create 222
    107, semtimedop 220 192, shmat 30 196, recvmmsg 299 243, sendmmsg 307 269, execveat 322 281, unshare 272
    97, waitid 247 95, fchmodat2 452 452, utimensat 280 88, quotactl 179 60, swapon 167 224, delete_module
    176 106, mseal 462 462, get_robust_list 274 100, setitimer 38 103
"""  # name, number on x86-64, on arm64
REFUSED |= {
    name: f"call({one} if X86 else {other}, *[0] * 6)"
    for name, one, other in (entry.split() for entry in CALLS.split(","))
}
REFERENCE = str(Path(cage.__file__).parents[1] / "lessons" / "exercises" / "lesson_01.py")


def names(text):
    return {" ".join(name.split()) for name in text.split(",")}


# What layers keep as if all others had a hole: the container hides whose paths are known, Landlock beside it
# forbids files to be read or written, and nobody has root's powers.
HIDDEN = names("""
    modes, times, owners, attributes, a truncated file, a deleted file, a renamed file, our file, the
    references, our file by /proc, the users, a list of files, a device's memory
""")
POWERS = names("""
    mount, pivot_root, reboot, sethostname, clock_settime, init_module, kexec_load, bpf, perf_event_open,
    setns, open_by_handle_at, acct, fanotify_init, swapon, delete_module
""")
FILES = names("""
    a new folder, a file, a device's node, a link, a file without a name, attributes by descriptor, the
    grader's environment
""")
READ = names(
    "our file, the references, our file by /proc, the users, a list of files, its memory through /proc"
)
BY_NAME = names("modes, times, owners, attributes")  # of a file: no right that Landlock knows
ALL, NO_CONTAINER, NO_LANDLOCK, NO_CALLS = set(), {"container"}, {"landlock"}, {"calls"}
HOLDING = {
    "all layers": (ALL, None, set(REFUSED)),
    "no container": (NO_CONTAINER, None, set(REFUSED)),
    "no Landlock": (NO_LANDLOCK, None, REFUSED.keys() - {"its memory through /proc"}),
    "no list of calls": (NO_CALLS, None, HIDDEN | FILES | POWERS),
    "the container alone": (NO_LANDLOCK | NO_CALLS, None, HIDDEN | POWERS),
    "Landlock alone": (NO_CONTAINER | NO_CALLS, None, (HIDDEN | FILES | POWERS) - BY_NAME),
    "the list of calls alone": (NO_CONTAINER | NO_LANDLOCK, None, REFUSED.keys() - READ),
}
USERS = {"root": ROOT, "root that can be another user": ROOT, "another user": True}
CASES = [(user, layers) for user in USERS for layers in HOLDING]
for version in range(1, 6):  # as on Linux 5.13, 5.19, 6.2, 6.7 and 6.10
    without, _, held = HOLDING["Landlock alone"]
    held = held - {"a truncated file"} if version < 3 else held
    HOLDING[f"Landlock {version} alone"] = without, version, held
    HOLDING[f"Landlock {version}, no container"] = NO_CONTAINER, version, set(REFUSED)
    CASES += [
        ("another user", f"Landlock {version} alone"),
        ("another user", f"Landlock {version}, no container"),
    ]


def words_for(user):
    """Return the words before a command that make it another user's, or root's with Python open to everyone.

    Where Python lies in a folder of root's alone, in its home say, a container shows it in an open one.
    """
    if not ROOT or user == "root":
        return []
    needed = sorted(container.places(sys.prefix, sys.base_prefix, nursery.PACKAGE))
    closed = {folder for path in needed for folder in path.parents if not folder.stat().st_mode & 0o001}
    words = []
    if closed:
        if not container.works():
            pytest.skip("others may not read the environment")
        hidden = [path for path in needed if closed.intersection(path.parents)]
        words = [shutil.which("bwrap"), "--dev-bind", "/", "/", "--die-with-parent"]
        for top in sorted(closed):
            words += ["--perms", "0755", "--tmpfs", str(top)]
        words += [*container.mounted(hidden), "--"]
    if user == "another user":
        words += ["setpriv", f"--reuid={cage.NOBODY}", f"--regid={cage.NOBODY}", "--clear-groups"]
    return words


@pytest.fixture(scope="module", params=CASES, ids=", ".join)
def sandbox(request):
    """Answers' processes of one user, in some of the layers; ``acts``: what these keep."""
    user, layers = request.param
    without, landlock, acts = HOLDING[layers]
    if not USERS[user]:
        pytest.skip("not root")
    if "container" not in without and not container.works():
        pytest.skip("this system has no bubblewrap, or may not make containers")
    words, start = words_for(user), subprocess.Popen
    with pytest.MonkeyPatch.context() as patch:
        if words:
            patch.setattr(
                answers.subprocess, "Popen", lambda command, **more: start([*words, *command], **more)
            )
        if user == "another user":
            patch.setattr(container, "APART", [*container.APART, "--unshare-user"])
        with Sandbox(Limits(seconds=20, cpu_seconds=5), None, (), without, landlock) as sandbox:
            sandbox.acts, sandbox.user = sorted(acts), user
            yield sandbox


@pytest.fixture
def ours(sandbox):
    """A file of ours that is as open as can be: the layers alone protect it."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        path = Path(folder) / "gradebook.db"
        path.write_text("marks")
        path.chmod(0o666)
        if ROOT and sandbox.user == "another user":
            os.chown(path, cage.NOBODY, cage.NOBODY)
        yield path


SAYS = r"not permitted|denied|not allowed|No such file|Read-only|Invalid|Bad address|not implemented"


def test_refused(sandbox, ours):
    before, got_through = ours.stat(), {}
    tries = "".join(f"\n    if what == {what!r}:\n        return {REFUSED[what]}" for what in sandbox.acts)
    cells = [f"OURS, REFERENCE = {str(ours)!r}, {REFERENCE!r}\n{HEAD}", f"def act(what):{tries}"]
    with sandbox.open(cells, "act") as answer:
        for what in sandbox.acts:
            try:
                got_through[what] = answer(what)
            except Exception as refusal:
                known = type(refusal).__name__ in ("PermissionError", "ValueError", "FileNotFoundError")
                if not (re.search(SAYS, str(refusal)) and (known or "calls" in sandbox.without)):
                    got_through[what] = refusal
    assert got_through == {}
    after = ours.stat()
    assert (after.st_mode, after.st_mtime_ns, after.st_size) == (before.st_mode, before.st_mtime_ns, 5)
    assert not Path("/tmp/classroom-cage").exists() and ours.read_text() == "marks"


def test_every_other_call_is_refused(sandbox):
    """Also those that no kernel has yet, and the second set of numbers of x86-64."""
    if "calls" in sandbox.without:
        pytest.skip("the list of calls is left out")
    column = cage._MACHINES[platform.machine()][0]
    some = {name: numbers for name, (numbers, _, _) in cage._COMMANDS.items()} | cage._ALLOWED
    known = {numbers[column] for numbers in (*some.values(), cage._OPEN, cage._OPENAT)}
    known |= {335, 336}  # of uprobes: no filter sees them, and only the kernel's own code may call them
    source = """import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def act(known):
    numbers = [n for n in range(600) if n not in known]
    numbers += [n + 2**30 for n in range(600)] + [2**31 - 1, -1]
    return [n for n in numbers if libc.syscall(n, *[0] * 6) != -1 or ctypes.get_errno() not in (1, 38)]"""
    with sandbox.open([source], "act") as answer:
        assert answer(sorted(known - {None})) == []


def test_allowed(sandbox):
    source = """
import decimal, os, sys, threading
import numpy as np

def threads():
    found = []
    all = [threading.Thread(target=found.append, args=(i,)) for i in range(4)]
    [t.start() for t in all]
    [t.join() for t in all]
    return sum(found)

def act():
    assert len(os.urandom(4)) == 4 and np.linalg.eigvalsh(np.eye(3)).sum() == 3.0
    assert threads() == 6
    assert open(os.devnull).read() == sys.stdin.read() == ""
    assert decimal.Decimal(2) ** 2 == 4
    return sorted(os.environ)[:1] != []
"""
    with sandbox.open([source], "act") as answer:
        assert answer()


@pytest.mark.skipif(not container.works(), reason="this system has no bubblewrap, or may not make containers")
def test_a_container_alone_shows_no_other_processes():
    source = "import os\ndef act(): return sum(map(str.isdigit, os.listdir('/proc')))"
    with Sandbox(without={"landlock", "calls"}) as own, own.open([source], "act") as answer:
        assert answer() <= 3


@pytest.mark.parametrize("without", [{"container"}, {"landlock"}], ids=str)
def test_solutions_of_another_installation_are_hidden_too(without, monkeypatch):
    if "container" not in without and not container.works():
        pytest.skip("this system has no bubblewrap, or may not make containers")
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o755)
        path = Path(top) / "site-packages" / "lessons" / "exercises" / "lesson_01.py"
        path.parent.mkdir(parents=True)
        path.write_text("right")
        monkeypatch.syspath_prepend(str(path.parents[2]))
        source = f"def act(): return open({str(path)!r}).read()"
        refused = pytest.raises(Exception, match=r"denied|No such file")
        with Sandbox(without=without) as own, own.open([source], "act") as answer, refused:
            answer()


def test_the_environment_holds_no_secrets(monkeypatch):
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


@pytest.mark.skipif(not ROOT, reason="needs root")
def test_root_is_given_up(sandbox):
    """Another user, or root with empty hands."""
    source = "import os\ndef act():\n    if os.getuid(): return 'other'\n    os.setuid(1)"
    with sandbox.open([source], "act") as answer:
        try:
            assert answer() == "other"
        except Exception as refusal:
            assert "not permitted" in str(refusal)


def test_elsewhere_there_is_less(monkeypatch):
    monkeypatch.setattr(cage, "landlock_version", lambda: 0)
    assert cage.level() == "limits"
    monkeypatch.setattr(cage.os, "name", "nt")
    assert cage.level() == "none"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not cage.seccomp_available()
