"""The teacher's commands: ``python -m classroom ...``."""

import argparse
import sys
from pathlib import Path

from classroom import Problem
from classroom import course as courses

_TEACHERS_WAY = """
From hand-out to marks, DIR being the course folder:

  new DIR --lessons 01-07        make the course folder
  release DIR                    make the students' versions, in DIR/release
  collect DIR LESSON FROM        take in what students handed in: a folder or a zip, as from Moodle or Canvas
  grade DIR                      grade all that is new
  summary DIR                    tables, common mistakes, similar answers, in DIR/summary
  feedback DIR                   a page for each student and lesson, in DIR/feedback
  marks DIR --for moodle         marks as a CSV file to import
  update DIR                     what a newer version of the lessons would change

DIR is an ordinary nbgrader course: formgrader and nbgrader's exchange (release_assignment, collect,
release_feedback) work in it as well. Everything can be repeated; nothing that a student or you have written
is overwritten.
"""


def main(arguments=None):
    """Run one command; return the exit code."""
    options = _parser().parse_args(arguments)
    if not hasattr(options, "run"):
        _parser().print_help()
        return 2
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a notebook's streams take every letter
            stream.reconfigure(errors="replace")  # a student's name that a terminal cannot show
    try:
        return options.run(options) or 0
    except Problem as problem:
        print(f"Error: {problem}", file=sys.stderr)
    except OSError as error:
        print(f"Error: {error.filename or options.dir}: {error.strerror or error}", file=sys.stderr)
    return 1


def _parser():
    parser = argparse.ArgumentParser(
        prog="python -m classroom",
        description="Hand out, grade and hand back the lessons with nbgrader.",
        epilog=_TEACHERS_WAY,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def command(run, name, help):
        made = commands.add_parser(name, help=help, description=run.__doc__)
        made.add_argument("dir", metavar="DIR", type=Path, help="the course folder")
        made.set_defaults(run=run)
        return made

    made = command(_new, "new", "make a course folder")
    made.add_argument("--lessons", required=True, help="as 01-07 or 01,03")
    made.add_argument("--notebooks", type=Path, default=courses.NOTEBOOKS, help="where the lessons are")
    made.add_argument("--course-id", help="nbgrader's name for the course; the folder's by default")
    made = command(_release, "release", "make the students' versions")
    made.add_argument("--lessons", help="as 01-07; all by default")
    made = command(_grade, "grade", "grade what is new")
    made.add_argument("--lessons", help="as 01-07; all by default")
    made.add_argument("--jobs", type=int, help="submissions at a time; the number of processors by default")
    made.add_argument("--force", action="store_true", help="grade again what has not changed")
    made.add_argument("--level", choices=["sealed", "limits"], help="of protection; see classroom/README.md")
    made.add_argument("--seconds", type=float, help="that one answer may take (10)")
    made.add_argument("--megabytes", type=int, help="of memory that one answer may use (1024)")
    made = command(_collect, "collect", "take in what students handed in")
    made.add_argument("lesson", metavar="LESSON", help="as 01")
    made.add_argument("source", metavar="FROM", type=Path, help="a folder or zip file")
    made.add_argument("--pattern", help="regular expression with a group (?P<student>...) for file names")
    made.add_argument(
        "--worksheet", type=Path, help="Moodle's grading worksheet (CSV): e-mail addresses, and when it came"
    )
    made = command(_summary, "summary", "tables, common mistakes, similar answers")
    made.add_argument("--lessons", help="as 01-07; all by default")
    made = command(_feedback, "feedback", "write a page for each student and lesson")
    made.add_argument("--lessons", help="as 01-07; all by default")
    made = command(_marks, "marks", "marks as a CSV file to import")
    made.add_argument("--lessons", help="as 01-07; all by default")
    made.add_argument("--for", dest="shape", default="plain", help="plain, moodle or canvas")
    made.add_argument("--students", type=Path, help="the platform's own export, or a list of yours")
    made.add_argument("--to", type=Path, help="the file to write")
    made = commands.add_parser("doctor", help="say what protects this machine", description=_doctor.__doc__)
    made.set_defaults(run=_doctor, dir=".")
    made = command(_update, "update", "what a newer version of the lessons would change")
    made.add_argument("--lessons", help="as 01-07; the course's own by default")
    made.add_argument("--notebooks", type=Path, default=courses.NOTEBOOKS, help="where the new version is")
    made.add_argument("--apply", action="store_true", help="make the changes that break nothing")
    return parser


def _new(options):
    """Make a course folder with the lessons as assignments. Nothing is overwritten."""
    made = courses.new(options.dir, options.lessons, options.notebooks, options.course_id)
    print(f"Made the course {made.root} with {len(made.lessons)} lessons:")
    for lesson in made.lessons:
        print(f"  {lesson}")
    print(f"Next: python -m classroom release {options.dir}")


def _release(options):
    """Make the students' versions of the lessons, and enter their exercises in the gradebook."""
    courses.require_nbgrader()
    from classroom import gradebook, updating

    course = courses.Course(options.dir)
    for lesson in course.choose(options.lessons):
        courses.complain_about_points(course.source(lesson))
        updating.refuse_harm(course, lesson)
        gradebook.release(course, lesson)
        print(f"Released {course.release(lesson).relative_to(course.root)}")
    print("Hand these files out, or type: nbgrader release_assignment LESSON (nbgrader's exchange)")


def _doctor(options):
    """Say which layers would stand between students' code and this machine."""
    from classroom.batch import layers, require_level

    print(f"Between the answers and this machine: {layers(require_level(None))}.")


def _grade(options):
    """Grade what has been handed in since the last time."""
    courses.require_nbgrader()
    from classroom.answers import Limits
    from classroom.batch import grade_course, layers, require_level

    course = courses.Course(options.dir)
    given = {"seconds": options.seconds, "megabytes": options.megabytes}
    given = {name: value for name, value in given.items() if value}
    if options.seconds:
        given["cpu_seconds"] = max(1, round(options.seconds * 0.8))
    print(f"Between the answers and this machine: {layers(require_level(options.level))}.")
    outcome = grade_course(
        course,
        course.choose(options.lessons),
        jobs=options.jobs,
        force=options.force,
        limits=Limits(**given),
        level=options.level,
    )
    for lesson, student, note in outcome.notes:
        print(f"  {lesson} {student}: {note}")
    print(f"Graded {outcome.graded} in {outcome.seconds:.1f} s; {outcome.unchanged} were graded already.")
    if outcome.failed:
        print(f"{outcome.failed} could not be saved; see {course.root / 'grading.log'}", file=sys.stderr)
    print(f"Next: python -m classroom summary {options.dir}")
    return 1 if outcome.failed else 0


def _collect(options):
    """Copy submissions of a lesson from a folder or zip file into the course."""
    from classroom.collecting import collect

    course = courses.Course(options.dir)
    (lesson,) = course.choose(options.lesson)
    taken, passed_over, missing = collect(course, lesson, options.source, options.pattern, options.worksheet)
    for line in passed_over:
        print(f"  passed over {line}")
    print(f"Took in {len(taken)} new submissions of {lesson}.")
    for line in missing:
        print(f"  NOT TAKEN IN: {line}", file=sys.stderr)
    print(f"Next: python -m classroom grade {options.dir}")
    return 1 if missing else 0


def _summary(options):
    """Write tables of students by exercises, common mistakes, and answers that are alike."""
    courses.require_nbgrader()
    from classroom.summary import summarise

    course = courses.Course(options.dir)
    for path in summarise(course, course.choose(options.lessons)):
        print(f"Wrote {path}")


def _feedback(options):
    """Write a page for each student and lesson: the cards, the diagnoses, the answers."""
    courses.require_nbgrader()
    from classroom.feedback import write_feedback

    course = courses.Course(options.dir)
    written = write_feedback(course, course.choose(options.lessons))
    print(f"Wrote {len(written)} pages into {course.root / 'feedback'}.")
    print("Hand them back, or type: nbgrader release_feedback LESSON (nbgrader's exchange)")


def _marks(options):
    """Write the marks as a CSV file that a learning platform imports."""
    courses.require_nbgrader()
    from classroom.marks import export

    course = courses.Course(options.dir)
    lessons = course.choose(options.lessons)
    path, lost = export(course, options.shape, lessons, options.students, options.to)
    print(f"Wrote {path}")
    for student in lost:
        print(f"  NOT IN IT: {student}, whom {options.students} does not name, or twice", file=sys.stderr)
    return 1 if lost else 0


def _update(options):
    """Compare the course with a newer version of the lessons; with --apply, take over what breaks nothing."""
    courses.require_nbgrader()
    from classroom import updating

    course = courses.Course(options.dir)
    changes = updating.compare(course, options.lessons, options.notebooks)
    for change in changes:
        what = [f"BREAKS: {text}" for text in change.breaks] + change.harmless or ["nothing changes"]
        print(f"{change.lesson} (handed in by {change.handed_in}):")
        for text in what:
            print(f"  {text}")
    if options.apply:
        done = updating.apply(course, changes)
        print(f"Changed and released: {', '.join(done) or 'nothing'}. Earlier versions are in older/.")
    return 1 if any(change.refused for change in changes) else 0
