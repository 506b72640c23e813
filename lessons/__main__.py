"""`python -m lessons doctor`: tell whether this machine can run the course."""

import sys

from lessons.doctor import doctor

if __name__ == "__main__":
    if sys.argv[1:] != ["doctor"]:
        sys.exit("Usage: python -m lessons doctor")
    sys.exit(doctor())
