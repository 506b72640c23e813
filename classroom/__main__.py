"""``python -m classroom``: the teacher's commands."""

import sys

from classroom.commands import main

sys.exit(main(sys.argv[1:]))
