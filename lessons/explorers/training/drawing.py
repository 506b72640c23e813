"""The training explorer's pictures: losses by epoch, forecasts over the test period, and the scoreboard."""

import numpy as np
import plotly.graph_objects as go

from lessons import figures
from lessons.explorers.base import around
from lessons.explorers.training.runs import percent, score, signed
from lessons.scores import skill
from lessons.tables import Table

HEIGHT = 250
MARGIN = {"t": 66, "b": 44}  # pixels, as everything here
LABEL_HEIGHT = 19
TITLE = 13  # its letters: a title stays one line at half a laptop's width


def loss_picture():
    """Draw an empty loss plot: traces "before", "train" and "test"; levels come with the data."""
    figure = figures.loss_curves({"before": [], "train": [], "test": []}, unit="MSE")
    figure.data[0].line = {"color": "rgba(127,127,127,.7)", "width": 1.5, "dash": "dot"}
    figure.data[1].line.dash = "dash"
    figure.data[2].line.width = 3
    legend = {"font_size": 12, "itemwidth": 30}  # two lines at most, at half a projector's width
    margin = {**MARGIN, "r": 136}
    return figure.update_layout(height=HEIGHT, margin=margin, title_font_size=TITLE, legend=legend)


def draw_losses(live, run, earlier, drawn):
    """Draw a run's losses; return the frame they are in, and draw that too if it is not the one ``drawn``."""
    frame = _frame(run, earlier)
    title = run.title()
    changes = {
        "x": {1: np.arange(1, len(run.moments) + 1), 2: np.arange(1, len(run.moments) + 1)},
        "y": {1: run.losses, 2: run.test_losses},
        "layout": {"title_text": title, "meta": {"alt": _loss_alt(title, run)}},
    }
    if frame != drawn:
        levels, _, epochs, *limits = frame
        changes["layout"] |= {
            "xaxis_range": [1, epochs],
            "yaxis_range": limits,
            "shapes": _level_lines(levels),
            "annotations": _level_labels(levels, *limits),
        }
        changes["visible"] = {0: earlier is not None}
        if earlier is not None:
            changes["name"] = {0: f"before: {_difference(earlier.settings, run.settings)}"}
            changes["x"][0], changes["y"][0] = np.arange(1, len(earlier.losses) + 1), earlier.test_losses
    live.update(**changes)
    return frame


def _frame(run, earlier):
    """Return what stays while a run goes on: levels, earlier run, epochs, and the axis limits (log10)."""
    levels = tuple(run.task.levels.items())
    errors = np.concatenate([run.losses, run.test_losses, [error for _, error in levels]])
    errors = np.log10(errors[np.isfinite(errors)])
    low, high = np.floor(10 * errors.min() - 0.3) / 10, np.ceil(10 * errors.max() + 0.3) / 10
    return levels, earlier, run.settings["epochs"], low, high


def _loss_alt(title, run):
    parts = [f"Line chart, logarithmic, of train and test MSE by epoch. {title}."]
    if run.moments:
        first, last = run.moments[0], run.moments[-1]
        parts.append(f"Train MSE from {first.loss:.4f} to {last.loss:.4f},")
        parts.append(f"test MSE from {first.test_mse:.4f} to {last.test_mse:.4f}.")
    return " ".join([*parts, *(f"{name} {score(error)}." for name, error in run.task.levels.items())])


def _level_lines(levels):
    place = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "layer": "below"}
    return [{**place, "y0": y, "y1": y, "line": figures.line(name), "name": name} for name, y in levels]


def _level_labels(levels, low, high):
    """Name the levels to the right of the plot, moved apart where they would overlap."""
    gap = (high - low) * LABEL_HEIGHT / (HEIGHT - sum(MARGIN.values()))
    labels, above = [], -np.inf
    for name, level in sorted(levels, key=lambda item: item[1]):
        above = max(np.log10(level), above + gap)
        place = {"xref": "paper", "x": 1, "xanchor": "left", "xshift": 6, "y": above, "showarrow": False}
        labels.append({"text": f"{name} {score(level)}", "font": {"size": 13}, **place})
    return labels


def _difference(earlier, settings):
    """Say how ``earlier`` settings differ: "trend 0, window 8"."""
    labels = {"learning_rate": "learning rate", "hidden_size": "hidden size"}
    changed = [f"{labels.get(k, k)} {v}" for k, v in earlier.items() if v != settings[k]]
    words = ", ".join(changed)
    return words if len(words) <= 26 else f"{changed[0]} …"  # the legend is one line


def forecast_picture():
    """Draw empty curves of the truth and of the forecast."""
    traces = [
        go.Scatter(name="truth", mode="lines", line=figures.line("truth", 4)),
        go.Scatter(name="forecast", mode="lines"),
    ]
    figure = figures.new_figure(traces, title="", x="time step", y="value", alt="", showlegend=True)
    return figure.update_layout(height=HEIGHT, margin=MARGIN, title_font_size=TITLE)


def draw_forecast(forecast, run):
    """Draw a run's latest forecasts over the truth."""
    task, y_pred = run.task, run.y_pred
    title = "The test period: no forecasts yet"
    if run.moments and not run.diverged:
        title = f"Test period: {run.lean()} (bias {signed(run.bias)})"
    alt = f"Line chart of truth and forecast over {len(task.t)} test steps. {title}."
    shown = np.concatenate([task.y_true[:, 0], y_pred[:, 0]])
    forecast.update(
        x={0: task.t, 1: task.t},
        y={0: task.y_true[:, 0], 1: y_pred[:, 0]},
        name={1: run.name},
        line={1: figures.line(run.name)},
        layout={
            "title_text": title,
            "xaxis_range": [int(task.t[0]), int(task.t[-1])],
            "yaxis_range": around(shown[np.isfinite(shown)]),
            "meta": {"alt": alt},
        },
    )


def table(board):
    """Write a scoreboard as a table with a column for each forecaster."""
    cells = {row.name: (score(row.mse), signed(row.bias), percent(row.skill)) for row in board.rows}
    best = skill(board.noise_floor, board.naive.mse)
    cells["noise floor"] = (score(board.noise_floor), "", percent(best))
    heads = ("test MSE", "bias", "skill against the last value")
    rows = zip(heads, *cells.values(), strict=True)
    return Table(["over the test period", *cells], rows)._repr_html_()
