"""The cells of the notebook that test_browser.py drives."""

# %%
import numpy as np

from lessons import explorers, figures
from lessons.explorers.base import Explorer, slider
from lessons.live_figure import LiveFigure

# %%
# a plain figure, over dates
dates = np.arange("2000-01", "2008-05", dtype="datetime64[M]")
figures.series(dates, np.sin(np.arange(100)), title="A plain figure", name="level", unit="m")

# %%
# updated before the page has seen it, and more often than a screen can show
busy = LiveFigure(figures.series(np.arange(50), np.zeros(50), title="Start"))
display(busy)  # noqa: F821
for k in range(300):
    busy.update(y={"series": np.full(50, k)}, layout={"title_text": f"Update {k}"})
busy.update(layout={"meta": {"alt": "All updates are in"}})

# %%
explorers.naive_error()


# %%
# a slider that fails above 5
def fragile(level):
    broken.update(y={0: np.full(3, level)})
    if level > 5:
        raise RuntimeError("too high")
    return f"level {level}"


broken = LiveFigure(figures.series(np.arange(3), np.zeros(3), title="Fragile"))
Explorer({"level": slider("level", 5, 0, 9, 1)}, fragile, broken)
