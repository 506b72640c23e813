"""The cage around a student's code: what a process gives up for good before it runs any of it.

Three layers (what each keeps when it is alone: classroom/README.md):

- limits on processor time, memory, open files and file size (every POSIX system),
- Landlock, Linux 5.13 and newer: no file can be written, and none read but Python and the packages,
- a seccomp filter, Linux on x86-64 and arm64: of all system calls only those that computing needs. No new
  process, no network, no signals, no shared memory, no file opened but to be read; and whatever a newer
  kernel brings is refused until it stands in the list.

None of them needs root, a container or user namespaces, so that they work within a container as well. A
process run by root becomes another user first, or at least gives up root's capabilities. Standard library
only: the cage is closed in a process that holds nothing worth stealing.

Sources: Linux kernel documentation, userspace-api/landlock.rst and userspace-api/seccomp_filter.rst.
"""

import contextlib
import ctypes
import os
import platform
import struct
import sys
from pathlib import Path

NOBODY = 65534  # the user and group that a process of root's becomes
OPEN_FILES = 64
MOST_THREADS = 512  # of all answers that a user's graders call at a time, beside what that user runs already

# --- limits ---------------------------------------------------------------------------------------


def set_limits(seconds, megabytes, tasks):
    """Limit this process and whatever it starts.

    Parameters
    ----------
    seconds : int
        Of processor time; the system then ends the process.
    megabytes : int
        Of memory beyond what is in use now. macOS does not enforce it.
    tasks : int
        How many processes and threads its user may have in all; root may have any number.
    """
    import resource

    memory = _address_space() + megabytes * 2**20
    for name, limit in (
        ("RLIMIT_CPU", (seconds, seconds + 1)),
        ("RLIMIT_AS", (memory, memory)),
        ("RLIMIT_FSIZE", (0, 0)),
        ("RLIMIT_CORE", (0, 0)),
        ("RLIMIT_NOFILE", (OPEN_FILES, OPEN_FILES)),
        ("RLIMIT_NPROC", (tasks, tasks)),
    ):
        if hasattr(resource, name):
            resource.setrlimit(getattr(resource, name), limit)


def most_tasks(level):
    """Return what a process may set as ``tasks`` once it is in the cage.

    With "limits" alone no process nor thread may be added. "sealed" forbids processes in another way, and
    bounds threads: enough for any answer, too few to use up the machine's numbers of processes.
    """
    if level != "sealed":
        return 1
    user, running = os.getuid() or NOBODY, 0
    for status in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError, KeyError, ValueError):  # it has ended
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines())
            running += int(fields["Threads"]) * (int(fields["Uid"].split()[0]) == user)
    return running + MOST_THREADS


def _address_space():
    """Bytes of address space in use."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def drop_root(needed):
    """Give up root's powers, for good, where this process is run by root.

    Parameters
    ----------
    needed : iterable of Path
        Folders that this process goes on reading. Where other users can read them, it becomes another
        user; else it stays root without any of root's capabilities, and the other layers have to keep it
        from root's files.

    Returns
    -------
    bool
        Whether this process is not root now.
    """
    if os.getuid() != 0:
        return True
    if all(map(_readable_by_others, needed)):
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        return True
    if sys.platform == "linux":  # capset, with three empty sets
        number = {"x86_64": 126, "aarch64": 91}.get(platform.machine())
        if number is not None:
            _syscall(number, _buffer(struct.pack("Ii", 0x20080522, 0)), _buffer(bytes(24)))
    return False


def hide_memory():
    """Keep processes of the same user from looking into this one, and into those it starts, through /proc."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE


def _readable_by_others(path):
    path = Path(path).resolve()
    return all(folder.stat().st_mode & 0o001 for folder in path.parents) and bool(path.stat().st_mode & 0o004)


# --- Landlock -------------------------------------------------------------------------------------

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}  # how many bits of file rights each version knows


def _syscall(*arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    result = libc.syscall(*(a if isinstance(a, ctypes.Array) else ctypes.c_long(a) for a in arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def landlock_version():
    """Return the version of Landlock that the running kernel offers, 0 for none."""
    if sys.platform != "linux":
        return 0
    try:
        return _syscall(_CREATE_RULESET, 0, 0, 1)
    except OSError:
        return 0


def make_ruleset(readable, hidden, newest=None):
    """Return a file descriptor of a ruleset under which only some files can be read, none written.

    Parameters
    ----------
    readable : iterable of Path
        Files and folders, with all below them.
    hidden : iterable of Path
        What stays unreadable although it lies below a readable folder. (Names in the folders
        around it can be listed.)
    newest : int, optional
        The version of Landlock to make do with, to try what an older kernel would hold.
    """
    version = min(landlock_version(), newest or 99)
    files = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    net = 0b11 if version >= 4 else 0  # bind and connect TCP
    scoped = 0b11 if version >= 6 else 0  # abstract sockets, signals
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = _syscall(_CREATE_RULESET, _buffer(struct.pack("QQQ", files, net, scoped)[:size]), size, 0)
    hidden = [Path(path).resolve() for path in hidden]
    for path in sorted({Path(path).resolve() for path in readable}):
        _allow(ruleset, path, hidden)
    return ruleset


def _allow(ruleset, path, hidden):
    if path in hidden or not path.exists():
        return
    if any(path in secret.parents for secret in hidden):
        _add_rule(ruleset, path, _READ_DIR)
        for child in path.iterdir():
            if not child.is_symlink():
                _allow(ruleset, child, hidden)
    else:
        _add_rule(ruleset, path, _READ_FILE | _READ_DIR if path.is_dir() else _READ_FILE)


def _add_rule(ruleset, path, rights):
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except PermissionError:
        return  # what we cannot open, nobody else can
    try:
        _syscall(_ADD_RULE, ruleset, 1, _buffer(struct.pack("=Qi", rights, descriptor)), 0)
    finally:
        os.close(descriptor)


def _buffer(data):
    return ctypes.create_string_buffer(data, len(data))


def restrict_files(ruleset):
    """Put this process under a ruleset, for good."""
    _no_new_privileges()
    _syscall(_RESTRICT_SELF, ruleset, 0)


def _no_new_privileges():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(38, 1, 0, 0, 0) != 0:  # PR_SET_NO_NEW_PRIVS
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_NO_NEW_PRIVS)")


# --- seccomp --------------------------------------------------------------------------------------

# What an answer needs once Python, NumPy, pandas and PyTorch are loaded, and nothing that changes a path, an
# owner, an attribute, a lease, another process or a name space: (x86-64, arm64), None where there is no such.
_ALLOWED = {
    # open files, and the socket to the grader
    "read": (0, 63),
    "write": (1, 64),
    "readv": (19, 65),
    "writev": (20, 66),
    "pread64": (17, 67),
    "lseek": (8, 62),
    "close": (3, 57),
    "dup": (32, 23),
    "dup2": (33, None),
    "dup3": (292, 24),
    "poll": (7, None),
    "ppoll": (271, 73),
    "select": (23, None),
    "pselect6": (270, 72),
    "getsockname": (51, 204),
    "getsockopt": (55, 209),
    # looking at files: importing a module
    "stat": (4, None),
    "lstat": (6, None),
    "fstat": (5, 80),
    "newfstatat": (262, 79),
    "statx": (332, 291),
    "statfs": (137, 43),
    "fstatfs": (138, 44),
    "access": (21, None),
    "faccessat": (269, 48),
    "faccessat2": (439, 439),
    "readlink": (89, None),
    "readlinkat": (267, 78),
    "getdents64": (217, 61),
    "getcwd": (79, 17),
    # its own memory
    "brk": (12, 214),
    "mmap": (9, 222),
    "mprotect": (10, 226),
    "munmap": (11, 215),
    "mremap": (25, 216),
    "madvise": (28, 233),
    # its own threads, clock, random numbers and identity
    "set_robust_list": (273, 99),
    "set_tid_address": (218, 96),
    "rseq": (334, 293),
    "arch_prctl": (158, None),
    "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123),
    "sched_getparam": (143, 121),
    "sched_getscheduler": (145, 120),
    "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126),
    "rt_sigaction": (13, 134),
    "rt_sigprocmask": (14, 135),
    "rt_sigreturn": (15, 139),
    "sigaltstack": (131, 132),
    "nanosleep": (35, 101),
    "clock_nanosleep": (230, 115),
    "clock_gettime": (228, 113),
    "clock_getres": (229, 114),
    "gettimeofday": (96, 169),
    "time": (201, None),
    "times": (100, 153),
    "getrandom": (318, 278),
    "getpid": (39, 172),
    "getppid": (110, 173),
    "gettid": (186, 178),
    "getuid": (102, 174),
    "geteuid": (107, 175),
    "getgid": (104, 176),
    "getegid": (108, 177),
    "getcpu": (309, 168),
    "getrlimit": (97, 163),
    "getrusage": (98, 165),
    "sysinfo": (99, 179),
    "uname": (63, 160),
    "exit": (60, 93),
    "exit_group": (231, 94),
}
# Locks of its threads: WAIT, WAKE, REQUEUE, CMP_REQUEUE, WAKE_OP and the two with BITSET, each shared or
# PRIVATE, with CLOCK_REALTIME where there is a clock. None lends a priority.
_FUTEX = (*(op | private for op in (0, 1, 3, 4, 5, 9, 10) for private in (0, 128)), 9 | 256, 9 | 384)
# Allowed for some arguments only: {name: (numbers, which argument, values)}.
_COMMANDS = {
    "fcntl": ((72, 25), 1, (0, 1, 2, 3, 1030)),  # copies of descriptors, their flags read; no owner, no lease
    "ioctl": ((16, 29), 1, (0x5401, 0x5421, 0x5450, 0x5451)),  # TCGETS, FIONBIO, FIONCLEX, FIOCLEX
    "prlimit64": ((302, 261), 0, (0,)),  # its own limits, which can only fall
    "prctl": ((157, 167), 0, (15, 16)),  # the name of a thread
    "sendto": ((44, 206), 3, (0, 0x4000)),  # no flag but NOSIGNAL; no descriptor goes along
    "recvfrom": ((45, 207), 3, (0,)),
    "futex": ((202, 98), 1, _FUTEX),
}
# Bits of `open` that are allowed beside reading: NOCTTY, NONBLOCK, LARGEFILE, DIRECTORY, NOFOLLOW, CLOEXEC.
_OPEN_BITS = (
    0o400 | 0o4000 | 0o100000 | 0o200000 | 0o400000 | 0o2000000,
    0o400 | 0o4000 | 0o400000 | 0o40000 | 0o100000 | 0o2000000,
)
_OPEN, _OPENAT = (2, None), (257, 56)
_CLONE, _CLONE3 = (56, 220), (435, 435)
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, AUDIT_ARCH
_CLONE_THREAD, _CLONE_NEW = 0x10000, 0x7E020000  # a thread; any name space of its own
_ALLOW, _REFUSE, _ABSENT, _KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000  # EPERM, ENOSYS
_LOAD, _EQUAL, _BIT_SET, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data


def seccomp_available():
    """Whether this system can filter system calls, and this module knows their numbers here."""
    if sys.platform != "linux" or platform.machine() not in _MACHINES:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.prctl(22, 2, 0, 0, 0) != 0 and ctypes.get_errno() == 14  # no filter given: EFAULT


def allow_system_calls():
    """Leave this process only the system calls of the list, for good."""
    _no_new_privileges()
    code = b"".join(struct.pack("HBBI", *step) for step in _filter(platform.machine()))
    steps = _buffer(code)
    program = _buffer(struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(steps)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(22, 2, ctypes.c_long(ctypes.addressof(program)), 0, 0) != 0:  # PR_SET_SECCOMP
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_SECCOMP)")


def _filter(machine):
    """Return the filter as steps (operation, jump if true, jump if false, operand)."""
    column, architecture = _MACHINES[machine]
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),  # x86-64's second set of numbers begins at 2³⁰: not in the list
        (_EQUAL, 0, 1, _CLONE3[column]),  # its flags cannot be seen: libc then takes clone
        (_RETURN, 0, 0, _ABSENT),
        *_if_call(
            _CLONE[column],
            0,
            [(_BIT_SET, 2, 0, _CLONE_NEW), (_BIT_SET, 0, 1, _CLONE_THREAD), (_RETURN, 0, 0, _ALLOW)],
        ),
    ]
    for numbers, argument in ((_OPEN, 1), (_OPENAT, 2)):
        forbidden = 0xFFFFFFFF & ~_OPEN_BITS[column]
        steps += _if_call(numbers[column], argument, [(_BIT_SET, 1, 0, forbidden), (_RETURN, 0, 0, _ALLOW)])
    for numbers, argument, values in _COMMANDS.values():
        tests = [step for value in values for step in ((_EQUAL, 0, 1, value), (_RETURN, 0, 0, _ALLOW))]
        steps += _if_call(numbers[column], argument, tests)
    for numbers in _ALLOWED.values():
        if numbers[column] is not None:
            steps += [(_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _ALLOW)]
    return [*steps, (_RETURN, 0, 0, _REFUSE)]


def _if_call(number, argument, tests):
    """Steps for one call: its argument is tested, and what no test allows is refused."""
    if number is None:
        return []
    inner = [(_LOAD, 0, 0, _ARGUMENTS + 8 * argument), *tests, (_RETURN, 0, 0, _REFUSE)]
    return [(_EQUAL, 0, len(inner), number), *inner]


# --- all together ---------------------------------------------------------------------------------


def level():
    """Return how much protection this system offers: "sealed", "limits" or "none".

    "sealed": all three layers. "limits": the first one alone, so that a student's code can read and write
    what the user can. "none": not even that (Windows).
    """
    if os.name != "posix":
        return "none"
    return "sealed" if landlock_version() and seccomp_available() else "limits"
