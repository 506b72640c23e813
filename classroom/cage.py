"""The cage around a student's code: what a process gives up for good before it runs any of it.

Three layers, each of which also holds alone:

- limits on processor time, memory, open files and file size (every POSIX system),
- Landlock, Linux 5.13 and newer: no file can be written, and none read but Python and the packages,
- a seccomp filter, Linux on x86-64 and arm64: no new process, no network, no signals to others, no
  memory shared with others, no change of a file's owner, mode or times.

None of them needs root, a container or user namespaces, so that they work within a container as well. A
process run by root becomes another user first, or at least gives up root's capabilities. Standard library
only: the cage is closed in a process that holds nothing worth stealing.

Sources: Linux kernel documentation, userspace-api/landlock.rst and userspace-api/seccomp_filter.rst.
"""

import ctypes
import os
import platform
import struct
import sys
from pathlib import Path

NOBODY = 65534  # the user and group that a process of root's becomes
OPEN_FILES = 64

# --- limits ---------------------------------------------------------------------------------------


def set_limits(seconds, megabytes, alone):
    """Limit this process and whatever it starts.

    Parameters
    ----------
    seconds : int
        Of processor time; the system then ends the process.
    megabytes : int
        Of memory beyond what is in use now. macOS does not enforce it.
    alone : bool
        Whether to forbid new processes, and with them new threads. (The filter of system calls forbids
        processes alone, and does not count what else the user is running.)
    """
    import resource

    memory = _address_space() + megabytes * 2**20
    for name, limit in (
        ("RLIMIT_CPU", (seconds, seconds + 1)),
        ("RLIMIT_AS", (memory, memory)),
        ("RLIMIT_FSIZE", (0, 0)),
        ("RLIMIT_CORE", (0, 0)),
        ("RLIMIT_NOFILE", (OPEN_FILES, OPEN_FILES)),
        ("RLIMIT_NPROC", (1, 1)),
    ):
        if hasattr(resource, name) and (alone or name != "RLIMIT_NPROC"):
            resource.setrlimit(getattr(resource, name), limit)


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


def make_ruleset(readable, hidden):
    """Return a file descriptor of a ruleset under which only some files can be read, none written.

    Parameters
    ----------
    readable : iterable of Path
        Files and folders, with all below them.
    hidden : iterable of Path
        What stays unreadable although it lies below a readable folder. (Names in the folders
        around it can be listed.)
    """
    version = landlock_version()
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

# Numbers of system calls: (x86-64, arm64), None where an architecture has no such call.
_REFUSED = {
    # other processes: making, signalling, reading, slowing them
    "fork": (57, None),
    "vfork": (58, None),
    "execve": (59, 221),
    "execveat": (322, 281),
    "kill": (62, 129),
    "tkill": (200, 130),
    "tgkill": (234, 131),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pidfd_getfd": (438, 438),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "kcmp": (312, 272),
    "setpriority": (141, 140),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
    "ioprio_set": (251, 30),
    # the network
    "socket": (41, 198),
    "socketpair": (53, 199),
    "bind": (49, 200),
    "listen": (50, 201),
    "connect": (42, 203),
    # memory and messages that outlive a process, or are shared with another
    "shmget": (29, 194),
    "shmat": (30, 196),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    # files: what Landlock leaves open
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "fchown": (93, 55),
    "lchown": (94, None),
    "fchownat": (260, 54),
    "truncate": (76, 45),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "mknod": (133, None),
    "mknodat": (259, 33),
    # the kernel itself, and ways around this filter
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "bpf": (321, 280),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "personality": (135, 92),
}
_CLONE, _CLONE3, _PRLIMIT = (56, 220), (435, 435), (302, 261)
_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}  # column above, AUDIT_ARCH
_CLONE_THREAD = 0x10000
_ALLOW, _REFUSE, _ABSENT, _KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000  # EPERM, ENOSYS
_LOAD, _EQUAL, _AT_LEAST, _BIT_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data


def seccomp_available():
    """Whether this system can filter system calls, and this module knows their numbers here."""
    if sys.platform != "linux" or platform.machine() not in _MACHINES:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return libc.prctl(22, 2, 0, 0, 0) != 0 and ctypes.get_errno() == 14  # no filter given: EFAULT


def refuse_system_calls():
    """Put this process under the filter, for good."""
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
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, 0x40000000),  # x86-64's second set of numbers
        (_RETURN, 0, 0, _REFUSE),
        (_EQUAL, 0, 1, _CLONE3[column]),  # its flags cannot be seen: libc then takes clone
        (_RETURN, 0, 0, _ABSENT),
        (_EQUAL, 0, 4, _CLONE[column]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_BIT_SET, 0, 1, _CLONE_THREAD),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
        (_EQUAL, 0, 4, _PRLIMIT[column]),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_EQUAL, 0, 1, 0),  # its own limits only
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    for numbers in _REFUSED.values():
        if numbers[column] is not None:
            steps += [(_EQUAL, 0, 1, numbers[column]), (_RETURN, 0, 0, _REFUSE)]
    return [*steps, (_RETURN, 0, 0, _ALLOW)]


# --- all together ---------------------------------------------------------------------------------


def level():
    """Return how much protection this system offers: "sealed", "limits" or "none".

    "sealed": all three layers. "limits": the first one alone, so that a student's code can read and write
    what the user can. "none": not even that (Windows).
    """
    if os.name != "posix":
        return "none"
    return "sealed" if landlock_version() and seccomp_available() else "limits"
