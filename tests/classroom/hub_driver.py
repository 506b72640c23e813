"""A real JupyterHub on this machine, and simulated students who use it as a browser would.

Starts classroom/hub/jupyterhub_config.py as it is, but for passwords, ports and who may come in. Students are
accounts of the system, made at the start and removed at the end; so it needs root, as in a container.
"""

import contextlib
import grp
import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

import psutil
import requests
import websocket

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "classroom" / "hub" / "jupyterhub_config.py"
COURSE = "forecasting"
TEACHER = "lessons-teacher"
PATIENCE = 180  # seconds for anything

_SETTINGS = """
load_subconfig({config!r})
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_port}"
c.JupyterHub.authenticator_class = "dummy"  # one password instead of the system's
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.DummyAuthenticator.password = {password!r}
c.Authenticator.allowed_users = {users!r}
c.Spawner.environment["PYTHONPATH"] = {root!r}
"""


def missing():
    """Return what this machine lacks for a hub, or None."""
    if os.name != "posix" or os.geteuid() != 0 or not shutil.which("useradd"):
        return "makes accounts for students: needs Linux and root, as in a container"
    if not shutil.which("configurable-http-proxy"):
        return "needs npm's configurable-http-proxy"
    lacking = [name for name in ("jupyterhub", "nbgrader") if not importlib.util.find_spec(name)]
    if lacking:
        return f"needs {' and '.join(lacking)}"
    if subprocess.run([*open_to_all(), "true"], stderr=subprocess.DEVNULL).returncode:
        return "students' accounts may not enter the folder that Python or the course is in"
    return None


def open_to_all():
    """Return the beginning of a command that sees Python and the course where every account may read them.

    Both may lie below a folder that is root's alone, as /root. Then the command gets a view of its own of the
    file system, in which that folder holds nothing else and is open; outside, nothing changes.
    """
    proxy = Path(shutil.which("configurable-http-proxy"))
    node = Path(shutil.which("node") or proxy)
    needed = {
        Path(p) for p in (ROOT, sys.prefix, sys.base_prefix, proxy.parent, proxy.resolve().parents[1], node)
    }
    needed |= {path.resolve() for path in needed}
    closed = {}
    for path in sorted(needed):
        shut = [folder for folder in reversed(path.parents) if not folder.stat().st_mode & 0o001]
        if shut:
            closed.setdefault(shut[0], []).append(path)
    if not closed:
        return []
    steps = ["set -e"]
    for folder, paths in closed.items():
        keep = tempfile.mkdtemp(prefix="lessons-hub-keep-")
        steps += [f"mount --bind {folder} {keep}", f"mount -t tmpfs -o mode=755 none {folder}"]
        for path in paths:
            inside = f"{keep}/{path.relative_to(folder)}"
            make = "mkdir -p" if path.is_dir() else f"mkdir -p {path.parent}; touch"
            steps += [f"{make} {path}", f"mount --bind {inside} {path}"]
        steps += [f"umount -l {keep}", f"rmdir {keep}"]
    return ["unshare", "--mount", "sh", "-c", "; ".join([*steps, 'exec "$@"']), "sh"]


class Hub:
    """A running hub with a teacher and a number of students; use it in a ``with`` statement.

    Attributes
    ----------
    students : list of Student
    course : Path
        The teacher's course folder, made and released on the exchange.
    process : Popen
        The hub.
    """

    def __init__(self, number, lesson):
        self.lesson = lesson
        self.names = [f"lessons-s{i + 1:02d}" for i in range(number)]
        self.students = [Student(self, name) for name in self.names]
        self.password = secrets.token_hex(16)

    def __enter__(self):
        with contextlib.ExitStack() as self._cleaning:
            self._make()
            self._cleaning = self._cleaning.pop_all()
        return self

    def __exit__(self, *exception):
        if exception[0]:
            print(self.log()[-5000:])  # pytest shows it beside the error
        self._cleaning.close()

    def _make(self):
        self.folder = Path(tempfile.mkdtemp(prefix="lessons-hub-"))
        self._cleaning.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.folder.chmod(0o755)
        for name in (TEACHER, *self.names):
            self._add_account(name)
        self.exchange = self.folder / "exchange"
        self.exchange.mkdir()
        self.exchange.chmod(0o1777)
        self.course = self.home(TEACHER) / COURSE
        self._start()

    def home(self, name):
        """Return the home folder of an account."""
        return self.folder / "home" / name

    def _add_account(self, name):
        home = self.home(name)
        home.parent.mkdir(exist_ok=True)
        subprocess.run(["useradd", "--create-home", "--home-dir", home, "--user-group", name], check=True)
        self._cleaning.callback(_remove_account, name)
        home.chmod(0o700)

    def _start(self):
        ports = [_free_port() for _ in range(3)]
        self.url = f"http://127.0.0.1:{ports[0]}"
        place = self.folder / "hub"
        place.mkdir(mode=0o700)
        keys = dict(zip(("port", "hub_port", "proxy_port"), ports, strict=True))
        keys |= {"config": str(CONFIG), "password": self.password, "root": str(ROOT)}
        text = _SETTINGS.format(**keys, users={TEACHER, *self.names})
        (place / "settings.py").write_text(text)
        with open(place / "log", "wb") as log:
            hub = subprocess.Popen(
                [*open_to_all(), sys.executable, "-m", "jupyterhub", "-f", "settings.py"],
                cwd=place,
                env={**os.environ, "LESSONS_TEACHERS": TEACHER, "LESSONS_EXCHANGE": str(self.exchange)},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.process = hub
        self._cleaning.callback(_end, hub)
        _wait(lambda: hub.poll() is None and self._answers(), "the hub", self.log)

    def _answers(self):
        with contextlib.suppress(requests.ConnectionError):
            return requests.get(f"{self.url}/hub/health", timeout=10).ok

    def log(self):
        """Return what the hub and the students' servers have printed."""
        return (self.folder / "hub" / "log").read_text(errors="replace")

    def teach(self, *words):
        """Run a Python module as the teacher, in the course folder if there is one; return its output."""
        folder = self.course if self.course.is_dir() else self.home(TEACHER)
        return run_as(TEACHER, [sys.executable, "-m", *words], folder, self)

    def open_course(self):
        """Make the course, release the lesson, and put it on the exchange."""
        number = self.lesson[:2]
        self.teach("classroom", "new", str(self.course), "--lessons", number, "--course-id", COURSE)
        self.teach("classroom", "release", str(self.course))
        self.teach("nbgrader", "release_assignment", self.lesson)


class Student:
    """A student, using the hub through its proxy only.

    Attributes
    ----------
    name : str
    points : dict
        {exercise id: points} that the checks in the notebook have shown.
    """

    def __init__(self, hub, name):
        self.hub, self.name, self.points, self.kernel = hub, name, {}, None
        self._web, self._token = requests.Session(), None

    @property
    def folder(self):
        """The home folder."""
        return self.hub.home(self.name)

    def log_in(self, password=None):
        """Fill in the form; return whether that let the student in."""
        form = f"{self.hub.url}/hub/login"
        self._web.get(form, timeout=PATIENCE)
        where = {"_xsrf": self._xsrf(), "next": "/hub/home"}
        who = {"username": self.name, "password": password or self.hub.password}
        answer = self._web.post(form, params=where, data=who, timeout=PATIENCE)
        return answer.url.endswith("/hub/home")

    def _xsrf(self):
        return next(cookie.value for cookie in self._web.cookies if cookie.name == "_xsrf")

    def start(self):
        """Start the student's server; return how many seconds that took."""
        began = time.monotonic()
        user = f"{self.hub.url}/hub/api/users/{self.name}"
        guard = {"params": {"_xsrf": self._xsrf()}, "headers": {"Referer": f"{self.hub.url}/hub/home"}}
        made = self._web.post(f"{user}/tokens", json={"note": "test"}, timeout=PATIENCE, **guard)
        made.raise_for_status()
        self._token = made.json()["token"]
        self._web.post(f"{user}/server", timeout=PATIENCE, **guard).raise_for_status()
        _wait(
            lambda: self.ask("GET", "api/status", check=False).ok, f"the server of {self.name}", self.hub.log
        )
        return time.monotonic() - began

    def ask(self, method, path, check=True, owner=None, **options):
        """Send a request to the student's server (or to somebody else's)."""
        url = f"{self.hub.url}/user/{owner or self.name}/{path}"
        headers = {"Authorization": f"token {self._token}"}
        # without the cookies: a token is enough, and asks for no _xsrf
        answer = requests.request(method, url, headers=headers, timeout=PATIENCE, **options)
        if check:
            answer.raise_for_status()
        return answer

    def exchange(self, action):
        """Press a button of nbgrader's Assignment List: fetch, submit, fetch_feedback."""
        order = {"course_id": COURSE, "assignment_id": self.hub.lesson}
        answer = self.ask("POST", f"assignments/{action}", json=order).json()
        assert answer["success"], answer["value"]
        return [row for row in answer["value"] if row["assignment_id"] == self.hub.lesson]

    @property
    def path(self):
        """Where the student's copy of the lesson is, from the home folder."""
        return f"{self.hub.lesson}/{self.hub.lesson}.ipynb"

    def read(self):
        """Return the notebook as the server has it."""
        return self.ask("GET", f"api/contents/{self.path}").json()["content"]

    def save(self, notebook):
        """Save the notebook."""
        self.ask("PUT", f"api/contents/{self.path}", json={"type": "notebook", "content": notebook})

    def run(self, notebook, path=None):
        """Run every cell in a new kernel of the student's server, and note what its checks show."""
        path = path or self.path
        order = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        self.kernel = self.ask("POST", "api/sessions", json=order).json()["kernel"]["id"]
        server = f"{self.hub.url.replace('http', 'ws', 1)}/user/{self.name}"
        with contextlib.closing(Channel(server, self.kernel, self._token)) as channel:
            for cell in notebook["cells"]:
                if cell["cell_type"] == "code":
                    source = "".join(cell["source"])
                    texts = _execute(channel, source)
                    if found := re.search(r'^check\("([\w.]+)"', source, flags=re.M):
                        self.points[found[1]] = float(texts[-1])

    def processes(self):
        """Return (the student's server, the student's kernels) as psutil processes."""
        mine = [p for p in psutil.process_iter(["username", "cmdline"]) if p.info["username"] == self.name]
        by_word = [
            [p for p in mine if word in " ".join(p.info["cmdline"])] for word in ("singleuser", "ipykernel")
        ]
        return by_word[0][0], by_word[1]


class Channel:
    """What a page hears of a kernel; a lost connection is made again, as JupyterLab does.

    The server keeps what such a session missed meanwhile.
    """

    def __init__(self, server, kernel, token):
        self._where = f"{server}/api/kernels/{kernel}/channels?session_id={uuid.uuid4()}"
        self._who = {"Authorization": f"token {token}"}
        self._connect()

    def _connect(self):
        self._socket = websocket.create_connection(self._where, header=self._who, timeout=PATIENCE)

    def send(self, message):
        """Send a message."""
        self._do("send", message)

    def recv(self):
        """Wait for the next message."""
        return self._do("recv")

    def close(self):
        """Leave."""
        self._socket.close()

    def _do(self, what, *words):
        try:
            return getattr(self._socket, what)(*words)
        except (ConnectionError, websocket.WebSocketConnectionClosedException):
            self._connect()
            return getattr(self._socket, what)(*words)


def _execute(channel, source):
    """Run one cell; return the texts it shows. An exception in it is an exception here."""
    order = str(uuid.uuid4())
    header = {
        "msg_id": order,
        "msg_type": "execute_request",
        "session": order,
        "username": "",
        "version": "5.3",
    }
    content = {"code": source}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    channel.send(json.dumps(message))
    texts, replied, idle = [], False, False
    while not (replied and idle):
        received = channel.recv()
        if isinstance(received, bytes):
            continue  # a figure's arrays
        came = json.loads(received)
        if came["parent_header"].get("msg_id") != order:
            continue
        kind, content = came["msg_type"], came["content"]
        if kind == "execute_reply" and content["status"] == "error":
            raise RuntimeError(f"{content['ename']}: {content['evalue']} in\n{source}")
        replied |= kind == "execute_reply"
        idle |= kind == "status" and content["execution_state"] == "idle"
        if kind in ("execute_result", "display_data"):
            texts.append(content["data"].get("text/plain", ""))
    return texts


def run_as(name, command, folder, hub):
    """Run a command as an account of the system, with the hub's settings; return what it prints."""
    settings = {
        "HOME": pwd.getpwnam(name).pw_dir,
        "USER": name,
        "LOGNAME": name,
        "PYTHONPATH": str(ROOT),
        "JUPYTER_CONFIG_PATH": str(CONFIG.parent / "everyone"),
        "LESSONS_EXCHANGE": str(hub.exchange),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    done = subprocess.run(
        [*open_to_all(), "runuser", "-u", name, "--", *command],
        cwd=folder,
        env=settings,
        umask=0o022,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    if done.returncode:
        raise RuntimeError(f"{command} failed:\n{done.stdout}\n{done.stderr}")
    return done.stdout + done.stderr


def _remove_account(name):
    for process in psutil.process_iter(["username"]):
        if process.info["username"] == name:
            with contextlib.suppress(psutil.Error):
                process.kill()
                process.wait(10)
    subprocess.run(["userdel", name], check=False, stderr=subprocess.DEVNULL)
    with contextlib.suppress(KeyError):
        grp.getgrnam(name)
        subprocess.run(["groupdel", name], check=False)


def _end(process):
    """End the hub, its proxy, and the students' servers with their kernels."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
    process.kill()
    process.wait()


def _free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _wait(ready, what, log):
    until = time.monotonic() + PATIENCE
    while not ready():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} did not start:\n{log()[-5000:]}")
        time.sleep(0.1)
