"""Find an exercise by its id, importing only the lesson it belongs to."""

import difflib
import importlib
import pkgutil
from collections.abc import Mapping

PACKAGE = "lessons.exercises"


class Registry(Mapping):
    """Read-only mapping from exercise ids to exercises.

    ``REGISTRY["01.make_windows"]`` imports ``lesson_01`` and no other lesson, so that a NumPy lesson never
    pays for torch. Iterating imports them all, in order.
    """

    def lessons(self):
        """Return the numbers of the lessons that have exercises, as ``["01", "02"]``."""
        path = importlib.import_module(PACKAGE).__path__
        names = (module.name for module in pkgutil.iter_modules(path))
        return sorted(name[7:] for name in names if name.startswith("lesson_"))

    def of_lesson(self, lesson):
        """Return the exercises of a lesson, ``"01"``, in the order they are declared."""
        return list(importlib.import_module(f"{PACKAGE}.lesson_{lesson}").EXERCISES)

    def __getitem__(self, id):
        if type(id) is str and id[:2] in self.lessons():
            for exercise in self.of_lesson(id[:2]):
                if exercise.id == id:
                    return exercise
        raise KeyError(id)

    def __iter__(self):
        for lesson in self.lessons():
            yield from (exercise.id for exercise in self.of_lesson(lesson))

    def __len__(self):
        return sum(1 for _ in self)

    def nearest(self, id):
        """Return the id most like a mistyped one, or None."""
        if type(id) is not str:
            return None
        lessons = self.lessons()
        known = [e.id for n in ([id[:2]] if id[:2] in lessons else lessons) for e in self.of_lesson(n)]
        by_name = {name.split(".", 1)[1].lower(): name for name in known}
        close = difflib.get_close_matches(id.split(".", 1)[-1].lower(), by_name, n=1, cutoff=0.5)
        return by_name[close[0]] if close else None

    def __repr__(self):
        return f"<exercises of lessons {', '.join(self.lessons())}>"


REGISTRY = Registry()
