"""Helpers behind the course notebooks: data, baselines, recurrent nets, scores, figures, exercises."""

import sys

if sys.platform == "emscripten":
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # its monitor is a thread, and a browser's Python has none


def __getattr__(name):
    if name == "report":  # on demand: `import lessons` itself costs nothing
        from lessons.reports import report

        return report
    raise AttributeError(f"module 'lessons' has no attribute {name!r}")


def __dir__():
    return [*globals(), "report"]
