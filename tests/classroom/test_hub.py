"""A real JupyterHub: five students log in, run a lesson, hand it in, are graded and get their feedback."""

from concurrent.futures import ThreadPoolExecutor

import hub_driver
import pytest
from hostile_kinds import solved

from lessons.exercises import REGISTRY

pytestmark = [
    pytest.mark.hub,
    pytest.mark.skipif(hub_driver.missing() is not None, reason=f"the hub {hub_driver.missing()}"),
]
LESSON = "02_naive_baseline"
FULL = sum(exercise.points for exercise in REGISTRY.of_lesson("02"))
SHARES = (1.0, 0.5, 0.0, 1.0, 1.0)  # of the exercises that each student solves
ALL, HALF, NONE, FORGER, LINKER = range(5)
LATER = "2099-01-01 00:00:00.000000 UTC"


def day_at_school(student, share):
    """Do what a student does, from logging in to handing in."""
    assert not student.log_in("a wrong password")
    assert student.log_in()
    student.start()
    student.exchange("fetch")
    notebook = solved(student.read(), share)
    student.save(notebook)
    student.run(notebook)
    student.exchange("submit")


def forge(hub, student, victim):
    """Hand in an empty notebook in somebody else's name, dated so that it counts as the last one."""
    inbound = hub.exchange / hub_driver.COURSE / "inbound"
    script = (
        f'd="{inbound}/{victim.name}+{LESSON}+{LATER}+abcdefghijkl"; mkdir "$d"; '
        f'cp "{hub.exchange}/{hub_driver.COURSE}/outbound/{LESSON}/{LESSON}.ipynb" "$d"; chmod -R 777 "$d"; '
        f'mkdir "{inbound}/{victim.name}+{LESSON}+no-date-at-all+x"'
    )
    hub_driver.run_as(student.name, ["sh", "-c", script], "/", hub)


def link(hub, student, target):
    """Hand in a link to a file that only the teacher can read."""
    folder = f"{hub.exchange}/{hub_driver.COURSE}/inbound/{student.name}+{LESSON}+{LATER}+mnopqrstuvwx"
    script = f'mkdir -m 777 "{folder}"; ln -s "{target}" "{folder}/{LESSON}.ipynb"'
    hub_driver.run_as(student.name, ["sh", "-c", script], "/", hub)


@pytest.fixture(scope="module")
def hub():
    """The hub after a lesson: everybody has handed in, been graded, and fetched the feedback."""
    with hub_driver.Hub(len(SHARES), LESSON) as hub:
        hub.open_course()
        with ThreadPoolExecutor(len(SHARES)) as together:
            list(together.map(day_at_school, hub.students, SHARES))
        forge(hub, hub.students[FORGER], hub.students[ALL])
        link(hub, hub.students[LINKER], hub.course / "source" / LESSON / f"{LESSON}.ipynb")
        hub.collecting = hub.teach("nbgrader", "collect", LESSON)
        course = str(hub.course)
        hub.teach("classroom", "grade", course)
        hub.teach("classroom", "feedback", course)
        hub.teach("nbgrader", "release_feedback", LESSON)
        with ThreadPoolExecutor(len(SHARES)) as together:
            list(together.map(lambda student: student.exchange("fetch_feedback"), hub.students))
        yield hub


@pytest.fixture(scope="module")
def scores(hub):
    """Return {student's name: points} from the gradebook."""
    from classroom.course import Course
    from classroom.gradebook import marks

    return {name: mark[LESSON]["score"] for name, mark in marks(Course(hub.course)).items() if LESSON in mark}


def test_marks_are_what_the_notebook_showed_the_student(hub, scores):
    for k in (ALL, HALF, NONE):
        student = hub.students[k]
        assert len(student.points) == len(REGISTRY.of_lesson("02"))
        assert sum(student.points.values()) == scores[student.name]
    assert scores[hub.students[ALL].name] == FULL
    assert scores[hub.students[NONE].name] == 0


def test_feedback_reaches_its_student_and_says_the_mark(hub, scores):
    for k in (ALL, HALF, NONE):
        student = hub.students[k]
        (page,) = (student.folder / LESSON / "feedback").glob(f"*/{LESSON}.html")
        assert f"{scores[student.name]:g} of {FULL:g} points" in page.read_text()


def test_a_forged_submission_counts_as_the_forgers(hub, scores):
    assert scores[hub.students[ALL].name] == FULL
    assert scores[hub.students[FORGER].name] == 0
    assert "counts as theirs" in hub.collecting and "no-date-at-all" in hub.collecting


def test_a_link_is_not_followed(hub, scores):
    linker = hub.students[LINKER].name
    assert scores[linker] == 0
    assert "was not collected" in hub.collecting
    assert not (hub.course / "submitted" / linker / LESSON / f"{LESSON}.ipynb").exists()


def test_students_are_kept_apart(hub):
    one, other = hub.students[:2]
    assert one.ask("GET", "api/contents", check=False, owner=other.name).status_code in (403, 404)
    home = ["ls", str(other.folder)]
    inbound = ["ls", str(hub.exchange / hub_driver.COURSE / "inbound")]
    gradebook = ["cat", str(hub.course / "gradebook.db")]
    course = hub.exchange / hub_driver.COURSE
    away = ["mv", str(course), str(hub.exchange / "gone")]
    for command in (home, inbound, gradebook, away):
        with pytest.raises(RuntimeError, match=r"(Permission denied|not permitted)"):
            hub_driver.run_as(one.name, command, "/", hub)


def test_formgrader_is_for_teachers(hub):
    student, teacher = hub.students[0], hub_driver.Student(hub, hub_driver.TEACHER)
    assert student.ask("GET", "formgrader", check=False).status_code == 404
    assert student.ask("GET", "assignments?course_id=" + hub_driver.COURSE).ok
    assert teacher.log_in()
    teacher.start()
    assert teacher.ask("GET", "formgrader", check=False).status_code == 200


def test_the_courses_settings_reach_the_students_servers(hub):
    server, kernels = hub.students[0].processes()
    folders = server.environ()["JUPYTER_CONFIG_PATH"]
    assert folders.index("students") < folders.index("everyone") < folders.index("lessons/jupyter")
    assert len(kernels) == 1
    assert kernels[0].environ()["OMP_NUM_THREADS"] == "1"
