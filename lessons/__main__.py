"""`python -m lessons doctor`: tell whether this machine can run the course; `export`: a lesson as HTML."""

import sys

USAGE = """\
Usage: python -m lessons doctor
       python -m lessons export NOTEBOOK.ipynb [FILE.html]"""


def main(words):
    """Run one command and return the exit status."""
    if words == ["doctor"]:
        from lessons.doctor import doctor

        return doctor()
    if words[:1] == ["export"] and 2 <= len(words) <= 3:
        from lessons.export import export

        print(f"wrote {export(*words[1:])}")
        return 0
    return USAGE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
