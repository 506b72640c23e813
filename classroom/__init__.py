"""For teachers: lessons as nbgrader assignments, safe grading, marks and feedback.

``python -m classroom`` lists the commands; ``classroom/README.md`` is the guide. nbgrader is imported
by this package alone, and only where it is needed: learners never install it.
"""


class Problem(Exception):
    """Something the teacher can mend; the message says how."""
