"""What tasks.py is made of. Standard library only: it runs before anything is installed."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = "py tasks.py" if os.name == "nt" else "python3 tasks.py"


class Problem(Exception):
    """Something the person at the keyboard can put right; the text says what and how."""
