"""Make and mend `.venv`: what pyproject.toml asks for, in the versions of constraints.txt.

A finished environment carries a stamp that says what it was made from, so an unchanged one is
ready at once, without the network. An install that was stopped halfway leaves a marker instead, and is
made anew. Nothing outside the environment's own folder is touched.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import tomllib
import venv

from tools import COMMAND, Problem

NEWEST = (3, 14)  # the newest Python that the pinned PyTorch has builds for
SPACE = {"cpu": 2.5, "gpu": 9.0}  # free gigabytes: the environment, and pip's downloads beside it
STAMP, MARKER, LOG = "course.json", "install-unfinished", "install.log"
ANSWER = "the course asked:"

# One thread each: on a small or busy machine several threads make the small matrices of these
# lessons slower, up to tenfold. Whoever sets these variables has the last word.
THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)

# Variables that send Python or JupyterLab to files of another installation.
FOREIGN = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSAFEPATH",
    "PYTHONPLATLIBDIR",
    "PYTHONSTARTUP",
    "PYTHONUSERBASE",
    "JUPYTERLAB_DIR",
)

OFFLINE = (
    r"NewConnectionError|NameResolutionError|ConnectTimeout|ReadTimeout|ProxyError|ProtocolError"
    r"|Temporary failure in name resolution|Network is unreachable|getaddrinfo failed"
)

# What pip or uv say when something outside the course is wrong, and what to tell a learner.
FAILURES = (
    (
        r"No space left on device|not enough space on the disk|Disk quota exceeded",
        "The disk is full. Free some space and try again. pip also needs room in its folder for temporary"
        " files (set TMPDIR to move it) and in its cache (`pip cache purge` empties it).",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError",
        "The connection's certificate was not trusted. Behind a company's or school's proxy, ask for its"
        " certificate file, set the variable PIP_CERT to its path, and try again.",
    ),
    (
        OFFLINE,
        "There seems to be no way to the Internet, and the first start needs it once to download the"
        " packages. Check the connection (and the proxy, if you are behind one) and try again.",
    ),
    (
        r"No matching distribution found for",
        "A package has no build for this computer and this Python"
        f" ({platform.system()} {platform.machine()}, Python {platform.python_version()})."
        " Python 3.12 is the safest choice; README.md, Troubleshooting, tells how to use conda instead.",
    ),
    (
        r"Permission denied|Access is denied|being used by another process",
        "Some files could not be written. Close JupyterLab and every other program that uses the course,"
        " make sure that the folder is yours, and try again.",
    ),
)


def ensure(root, *, test=False, newest=False, rebuild=False):
    """Make sure that there is a complete environment, and return its Python.

    Parameters
    ----------
    root : Path
        The course's folder.
    test : bool
        Also install what the tests need.
    newest : bool
        Use `.venv-newest` and the newest versions instead of the pinned ones.
    rebuild : bool
        Make the environment anew even if nothing seems wrong with it.

    Raises
    ------
    Problem
        The environment could not be made; the text says what to do.
    """
    folder = root / (".venv-newest" if newest else ".venv")
    wanted = recipe(root, newest)
    if ready(folder, wanted, test) and not rebuild:
        return python_in(folder)
    with only_one(root / ".venv.lock"):
        if ready(folder, wanted, test) and not rebuild:  # made by the other one while we waited
            return python_in(folder)
        started = time.monotonic()
        reason = "you asked for it" if rebuild else why_anew(folder)
        made = stamp(folder)
        if reason:
            with kept_until_replaced(folder):
                create(folder, reason, newest)
                install(root, folder, test or made.get("test", False), newest)
        else:
            if not made:
                say(f"Completing the environment in {folder.name} ...")
            elif made.get("recipe") == wanted:
                say("Adding what the tests need ...")
            else:
                say(f"The course's packages have changed. Updating {folder.name} ...")
            try:
                install(root, folder, test or made.get("test", False), newest)
            except Problem as problem:
                if not made or (folder / MARKER).exists() or (test and not made.get("test")):
                    raise
                say(f"\n{problem}\n\nFor now this goes on with the packages as they were.\n")
                return python_in(folder)
        finished = {"recipe": wanted, "folder": str(folder), "test": test or made.get("test", False)}
        finished["python"] = version_of(python_in(folder))
        (folder / STAMP).write_text(json.dumps(finished, indent=1), encoding="utf-8")
        say(f"Installed in {time.monotonic() - started:.0f} s. The next start takes a few seconds.")
    return python_in(folder)


def beside(root, name, requirements):
    """Make sure that there is `.venv-NAME`, an environment for what no learner needs; return its Python.

    Parameters
    ----------
    root : Path
        The course's folder.
    name : str
    requirements : Path
        What to install, in pip's format; what it leaves open is in the versions of constraints.txt.
    """
    folder = root / f".venv-{name}"
    parts = [requirements.read_text(encoding="utf-8"), sorted(pins(root).items())]
    wanted = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    with only_one(root / ".venv.lock"):
        if not ready(folder, wanted, test=False):
            say(f"Making the environment in {folder.name} ...")
            venv.EnvBuilder(clear=True, with_pip=True, symlinks=os.name != "nt").create(folder)
            said = pip(root, folder, "install", "-r", requirements, "-c", root / "constraints.txt")
            if said is not None:
                raise explain(said, folder)
            finished = {"recipe": wanted, "folder": str(folder), "python": version_of(python_in(folder))}
            (folder / STAMP).write_text(json.dumps(finished, indent=1), encoding="utf-8")
    return python_in(folder)


def recipe(root, newest=False):
    """Hash everything that decides what gets installed, and nothing else."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    parts = [project["build-system"], project["project"], project["tool"].get("setuptools")]
    parts.append(time.strftime("%G week %V") if newest else sorted(pins(root).items()))
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def pins(root):
    """Read constraints.txt: package name to the rest of its line."""
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==", 1) for line in lines if "==" in line and not line.startswith("#"))


# --- is it ready? ------------------------------------------------------------------------------


def ready(folder, wanted, test):
    """Tell whether the environment is whole, in its place, and made from what is wanted."""
    made = stamp(folder)
    return made.get("recipe") == wanted and (made.get("test", False) or not test) and not why_anew(folder)


def stamp(folder):
    """Return what the environment's stamp says, or nothing if there is no readable one."""
    try:
        made = json.loads((folder / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return made if isinstance(made, dict) else {}


def why_anew(folder):
    """Return why the environment must be made anew, or an empty string if it need not be."""
    made = stamp(folder)
    if not folder.exists():
        return "this is the first start"
    if (folder / MARKER).exists():
        return "an earlier install was interrupted"
    if made.get("folder", str(folder)) != str(folder):
        return "it has been moved"
    version = version_of(python_in(folder))
    if version is None:
        return "it is incomplete, or the Python it was made from is gone"
    if made.get("python", version) != version:
        return f"its Python was {made['python']} and is now {version}"
    return ""


def python_in(folder):
    """Return the path of an environment's Python."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def version_of(python):
    """Return "3.12" for a Python that runs and has pip, and None for any other."""
    return answer(python, "import pip, sys; answer = '%d.%d' % sys.version_info[:2]")


def answer(python, code):
    """Return the text `answer` of code that a Python runs by itself, or None where it fails.

    Variables, the user's own packages and whatever a start-up file prints have no say in it.
    """
    code += f"; print('\\n{ANSWER}', answer)"
    try:
        run = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.findall(rf"^{ANSWER} (.*)$", run.stdout, flags=re.M)
    return found[-1] if run.returncode == 0 and found else None


# --- make it -----------------------------------------------------------------------------------


def create(folder, reason, newest=False):
    """Make an empty environment, in place of whatever was there."""
    check_machine(newest)
    say(f"Making the environment in {folder.name}, because {reason}.")
    say("This downloads some hundred megabytes and takes one to ten minutes.")
    check_space(folder.parent, "cpu")
    try:
        venv.EnvBuilder(clear=True, with_pip=True, symlinks=os.name != "nt").create(folder)
    except subprocess.CalledProcessError as error:
        raise Problem(
            f"{sys.executable} could not make an environment with pip in it.\n{debian()}"
        ) from error
    except PermissionError as error:
        raise Problem(f"{folder} could not be written: {error}.\n{FAILURES[-1][1]}") from error


@contextlib.contextmanager
def kept_until_replaced(folder):
    """Keep a finished environment aside until a new one stands; where that fails, put it back."""
    old = folder.with_name(folder.name + "-old")
    if not stamp(folder):
        yield
        return
    shutil.rmtree(old, ignore_errors=True)
    try:
        folder.rename(old)
    except OSError:  # Windows: a file of it is in use
        yield
        return
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        old.rename(folder)
        raise
    shutil.rmtree(old, ignore_errors=True)


def check_machine(newest=False):
    """Refuse, with the cure, a computer or a Python that PyTorch has no build for."""
    version = platform.python_version()
    if sys.maxsize < 2**32:
        raise Problem("This Python is a 32-bit one; PyTorch needs the 64-bit Python 3.12 from python.org.")
    if sys.version_info[:2] > NEWEST and not newest:
        raise Problem(
            f"This is Python {version}, and the course's PyTorch has no build for it yet.\n"
            "Install Python 3.12 beside it (Windows: `py -3.12 tasks.py lab`; elsewhere:"
            " `python3.12 tasks.py lab`)."
        )
    if importlib.util.find_spec("ensurepip") is None:
        raise Problem(f"This Python ({sys.executable}) cannot make environments.\n{debian()}")
    if sys.platform == "win32" and platform.machine() == "ARM64":
        raise Problem(
            "PyTorch has no build for Windows on ARM. Install the 64-bit Python 3.12 for x86-64 from"
            " python.org; it runs on this computer too, and so does the course with it."
        )
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        raise Problem(
            "PyTorch no longer publishes builds for Macs with an Intel processor.\n"
            "Use conda instead: README.md, Troubleshooting, has the three commands. (If this Mac has an"
            " Apple chip, its Python is an Intel one: install the universal Python 3.12 from python.org.)"
        )
    if sys.platform == "darwin" and int(platform.mac_ver()[0].split(".")[0] or 14) < 14:
        raise Problem(
            f"PyTorch needs macOS 14 or newer, and this is macOS {platform.mac_ver()[0]}.\n"
            "Use conda instead: README.md, Troubleshooting, has the three commands."
        )


def debian():
    """Return the cure for a Python without ensurepip."""
    return (
        "On Debian and Ubuntu, type"
        f" `sudo apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv` and try again;"
        " elsewhere, install Python 3.12 from python.org."
    )


def check_space(where, kind):
    """Refuse a disk with too little room before anything is downloaded."""
    free = shutil.disk_usage(where).free / 1e9
    if free < SPACE[kind]:
        raise Problem(
            f"The course needs {SPACE[kind]} GB of free disk space, and {where} has {free:.1f} GB.\n"
            "Free some space, or move the course's folder to a larger disk, and try again."
        )


@contextlib.contextmanager
def only_one(path):
    """Let one process at a time install; the others wait. The system frees the lock if one dies."""
    with open(path, "a+b") as handle:
        waited = False
        while not locked(handle):
            if not waited:
                say("Another start of the course is installing. Waiting for it ...")
            waited = True
            time.sleep(0.5)
        yield


def locked(handle):
    """Try to lock an open file; the lock lasts until the file is closed."""
    try:
        if os.name == "nt":
            import msvcrt

            handle.seek(0)
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:  # a network folder without locks: go on without one
        return True
    return True


# --- fill it -----------------------------------------------------------------------------------


def install(root, folder, test, newest):
    """Install PyTorch, then everything else."""
    if sys.platform == "linux" and not has_torch(root, folder):
        install_torch_on_linux(root, folder, newest)
    say("The other packages ...")
    arguments = ["-e", ".[test]" if test else "."]
    arguments += ["--upgrade", "--upgrade-strategy", "eager"] if newest else ["-c", "constraints.txt"]
    output = pip(root, folder, "install", *arguments)
    if output is not None:
        raise explain(output, folder)


def install_torch_on_linux(root, folder, newest):
    """Install PyTorch without NVIDIA's libraries, unless there is an NVIDIA GPU or no other way.

    On Linux the ordinary build brings gigabytes of them. A CPU build is one that pip can see (a
    school's mirror or a wheel on disk) or one that uv finds by itself.
    """
    ordinary = "torch" if newest else "torch==" + pins(root)["torch"]
    if has_nvidia_gpu():
        say("PyTorch, with the libraries for this machine's NVIDIA GPU (several gigabytes) ...")
        check_space(root, "gpu")
        output = pip(root, folder, "install", ordinary)
        if output is not None:
            raise explain(output, folder)
        return
    say("PyTorch, the build for the CPU (about 200 MB) ...")
    if not newest:
        output = pip(root, folder, "install", ordinary + "+cpu")
        if output is None:
            return
        if "No matching distribution" not in output or re.search(OFFLINE, output):
            raise explain(output, folder)
    if pip(root, folder, "install", "uv") is None:
        uv = ["install", "--python", str(python_in(folder)), "--torch-backend", "cpu", ordinary]
        uv += ["--upgrade"] if newest else []
        if pip(root, folder, *uv, program=("uv", "pip")) is None:
            return
    say("No CPU build could be had. Taking the ordinary one, which brings several gigabytes ...")
    check_space(root, "gpu")
    output = pip(root, folder, "install", ordinary)
    if output is not None:
        raise explain(output, folder)


def has_torch(root, folder):
    """Tell whether the pinned PyTorch, of whatever build, is there already."""
    code = "from importlib.metadata import version; answer = version('torch').split('+')[0]"
    return answer(python_in(folder), code) == pins(root)["torch"]


def has_nvidia_gpu():
    """Tell whether NVIDIA's driver sees a GPU."""
    try:
        return subprocess.run(["nvidia-smi", "-L"], capture_output=True, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def pip(root, folder, *arguments, program=("pip",)):
    """Run pip or uv in the environment. Return None if it worked, else all that it said.

    What it says goes into a log; on the screen appear only the large downloads. While it moves files into
    place a marker lies in the environment: found at a later start, it means "stopped halfway".
    """
    marker = folder / MARKER
    said = []
    environment = {
        **clean(os.environ),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PIP_USER": "0",
    }
    if program != ("pip",):
        marker.touch()
    with (
        open(folder / LOG, "a", encoding="utf-8") as log,
        subprocess.Popen(
            [python_in(folder), "-m", *program, *arguments],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        for line in process.stdout:
            log.write(line)
            said.append(line)
            if line.startswith("Installing collected packages"):
                marker.touch()
                say("    moving files into place ...")
            elif large := re.search(r"Downloading (\S+).*\((\d{2,}\.?\d* MB)\)", line):
                say(f"    downloading {large[1].rsplit('/')[-1].split('-')[0]} ({large[2]})")
    output = "".join(said)
    if process.returncode == 0 or program != ("pip",):
        marker.unlink(missing_ok=True)
    return None if process.returncode == 0 else output


def explain(output, folder):
    """Turn pip's last words into a Problem with a cure."""
    cures = [cure for pattern, cure in FAILURES if re.search(pattern, output)]
    lines = [line for line in output.strip().splitlines() if "Retrying" not in line]
    last = "\n".join("    " + line for line in lines[-5:])
    cure = (
        cures[0] if cures else f"Try again; if it fails again, `{COMMAND} lab --rebuild` starts from nothing."
    )
    words = f"The install did not finish. The last lines it wrote:\n\n{last}\n\n{cure}"
    return Problem(f"{words}\n(All of it: {folder / LOG})")


def clean(environment):
    """Return the environment variables for a Python of ours, without those meant for another one."""
    kept = {name: value for name, value in environment.items() if name not in FOREIGN}
    return {**dict.fromkeys(THREADS, "1"), "PYTHONUTF8": "1", **kept, "PYTHONNOUSERSITE": "1"}


def say(text):
    """Print at once, even into a pipe."""
    print(text, flush=True)
