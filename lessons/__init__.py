"""Helpers behind the course notebooks: data, baselines, recurrent nets, scores, figures, exercises."""


def __getattr__(name):
    if name == "report":  # on demand: `import lessons` itself costs nothing
        from lessons.reports import report

        return report
    raise AttributeError(f"module 'lessons' has no attribute {name!r}")


def __dir__():
    return [*globals(), "report"]
