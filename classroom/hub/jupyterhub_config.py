"""A JupyterHub for this course on one server. classroom/README.md says how to set it up.

Every student is an account of the system, in the group `students`; nbgrader's exchange relies on who owns a
file. Three environment variables are read:

    LESSONS_TEACHERS   accounts of teachers, as anna,ben
    LESSONS_EXCHANGE   nbgrader's exchange folder (/srv/nbgrader/exchange)
    LESSONS_MEMORY     memory of one student, where systemd can limit it (2G)
"""

import importlib.util
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
COURSE = HERE.parent.parent / "lessons" / "jupyter"  # the course's own settings for JupyterLab
TEACHERS = set(filter(None, os.environ.get("LESSONS_TEACHERS", "").split(",")))

c = get_config()  # noqa: F821 - Jupyter defines it for its configuration files

# Put a web server that speaks HTTPS in front (or set ssl_cert and ssl_key, and an address of the network).
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.ConfigurableHTTPProxy.should_start = True

# Who may come in: accounts in the group `students` (passwords are the system's), and the teachers.
c.PAMAuthenticator.allowed_groups = {"students"}
c.Authenticator.allowed_users = TEACHERS
c.Authenticator.admin_users = TEACHERS

# A server for each student, in this same environment, under the student's own account.
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.default_url = "/lab"
c.Spawner.http_timeout = c.Spawner.start_timeout = 120  # a whole class starts at once
c.JupyterHub.concurrent_spawn_limit = 20
if Path("/run/systemd/system").exists() and importlib.util.find_spec("systemdspawner"):
    c.JupyterHub.spawner_class = "systemdspawner.SystemdSpawner"
    c.SystemdSpawner.mem_limit = os.environ.get("LESSONS_MEMORY", "2G")
    c.SystemdSpawner.cpu_limit = 2.0
    c.SystemdSpawner.isolate_tmp = True


def settings(spawner):
    """Return the folders of settings for a user: formgrader is for teachers only."""
    own = [] if spawner.user.name in TEACHERS else [HERE / "students"]
    return os.pathsep.join(str(folder) for folder in (*own, HERE / "everyone", COURSE))


c.Spawner.environment = {
    # `python` and `nbgrader` in a terminal are this environment's
    "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
    "JUPYTER_CONFIG_PATH": settings,
    "JUPYTER_PREFER_ENV_PATH": "1",
    "LESSONS_EXCHANGE": os.environ.get("LESSONS_EXCHANGE", "/srv/nbgrader/exchange"),
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    # One thread each: on a shared machine several make the small matrices slower, up to tenfold.
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
}
