"""Lesson 02: a linear forecast is a bar chart of weights, and the naive one has a single bar."""

import functools

import numpy as np
import plotly.graph_objects as go

from lessons import figures
from lessons.baselines import Ridge
from lessons.explorers.base import Explorer, bold, slider
from lessons.live_figure import LiveFigure
from lessons.scores import mse
from lessons.series import trend_and_seasons
from lessons.windows import scaled_windows

AT, LONGEST = 630, 100  # where the test part begins; the longest window
SHOWN = slice(60, 115)  # of the test part
ROWS = ("last value", "ridge", "ridge, training", "noise floor")  # from the top


def ridge_weights():
    """Explore what ridge regression makes of a window: its weights, its forecast and its error.

    The series is `trend_and_seasons`, scaled by its train part; all targets before index 630 train.

    Returns
    -------
    Explorer
        Controls ``window`` (1 … 100 time steps), ``noise`` (σ, 0 … 0.5) and ``alpha``, the power of ten of
        ridge's penalty (−6 … 4).
    """
    live = LiveFigure(_picture())

    def draw(window, noise, alpha):
        weights, error, y_true, y_pred = _fitted(window, noise, 10.0**alpha)
        steps_back = np.arange(1, len(weights) + 1)
        shares = {row: error[row] / error["last value"] for row in ROWS}
        title = f"{figures.plural(window, 'weight')}: {shares['ridge']:.0%} of the naive error is left"
        finding = _told(weights, error)
        named = "; ".join(f"{row} {error[row]:.4f}" for row in ROWS)
        alt = f"Bars of ridge's weights, forecast over truth, bars of errors. {title}. MSE: {named}."
        live.update(
            x={
                "weights": steps_back,
                "error": [shares[row] for row in ROWS],
                "printed": [min(shares[row], 1.3) for row in ROWS],
            },
            y={"weights": weights, "truth": y_true, "ridge": y_pred},
            text={"printed": [f" {error[row]:.4f}" for row in ROWS]},
            layout={"title_text": title, "meta": {"alt": alt}},
        )
        return finding

    controls = {
        "window": slider("window", 60, 1, LONGEST, 1, "Time steps that get a weight"),
        "noise": slider("noise σ", 0.18, 0.0, 0.5, 0.02, "Standard deviation of the noise"),
        "alpha": slider("α, power of ten", 1, -6, 4, 1, "Price of large weights"),
    }
    return Explorer(controls, draw, live)


@functools.lru_cache(512)
def _fitted(window, noise, alpha):
    """Return the weights (window,), latest step first, errors by row, and truth and forecast to show."""
    data, floor = _data(window, noise)
    model = Ridge(alpha=alpha).fit(data.X_train, data.y_train)
    own = data.scaler.inverse_target
    y_true, y_pred = own(data.y_test), own(model.predict(data.X_test))
    error = {
        "last value": mse(y_true, own(data.X_test[:, -1, :1])),
        "ridge": mse(y_true, y_pred),
        "ridge, training": mse(own(data.y_train), own(model.predict(data.X_train))),
        "noise floor": floor,
    }
    return model.weights[::-1, 0], error, y_true[SHOWN, 0], y_pred[SHOWN, 0]


@functools.lru_cache(64)
def _data(window, noise):
    """Return the windows, and the error of a forecast that knows the signal."""
    _, y = trend_and_seasons(noise=noise)
    _, signal = trend_and_seasons(noise=0.0)
    return scaled_windows(y, window, AT), mse(y[AT:], signal[AT:])


def _picture():
    """Draw weights to the left; to the right errors, and below them the forecast on the truth."""
    t = np.arange(AT, AT + 270)[SHOWN]
    naive, ridge = figures.style("last value"), figures.style("ridge")
    ring = {"symbol": "square-open", "size": [0, 11], "color": naive["color"], "line": {"width": 3}}
    floor = figures.style("noise floor")["color"]
    colors = [naive["color"], ridge["color"], ridge["color"], floor]
    looks = {"color": colors, "pattern": {"shape": ["", "", "/", ""]}}
    right, below = {"xaxis": "x2", "yaxis": "y2"}, {"xaxis": "x3", "yaxis": "y3"}
    traces = [
        go.Bar(name="weights", marker_color=ridge["color"], showlegend=False),
        go.Scatter(
            x=[1, 1], y=[0, 1], name="last value: a single 1", line={"color": naive["color"]}, marker=ring
        ),
        go.Bar(name="error", y=ROWS, orientation="h", marker=looks, showlegend=False, **right),
        go.Scatter(
            name="printed", y=ROWS, mode="text", textposition="middle right", showlegend=False, **right
        ),
        go.Scatter(name="truth", x=t, line=figures.line("truth", 4), mode="lines", **below),
        go.Scatter(name="ridge", x=t, line=figures.line("ridge"), mode="lines", **below),
    ]
    figure = figures.new_figure(traces, title="", x="", y="", alt="", hovermode="closest", height=400)
    figure.update_traces(selector={"name": "printed"}, textposition="middle right", cliponaxis=False)
    return figure.update_layout(
        bargap=0.15,
        xaxis={"domain": [0, 0.48], "title": "steps back", "range": [-1, LONGEST + 1.5]},
        yaxis={"title": "weight", "range": [-0.3, 1.08]},
        xaxis2={"domain": [0.72, 0.92], "anchor": "y2", "title": "MSE, last value = 1", "range": [0, 1.3]},
        yaxis2={"domain": [0.62, 1], "anchor": "x2", "autorange": "reversed"},
        xaxis3={"domain": [0.58, 1], "anchor": "y3", "title": "time step"},
        yaxis3={"domain": [0, 0.4], "anchor": "x3", "title": "value", "range": [-1.5, 4.8]},
    )


def _told(weights, error):
    naive, ridge, floor = (error[row] for row in ("last value", "ridge", "noise floor"))
    way = (naive - ridge) / (naive - floor)
    on_the_way = f": {way:.0%} of the way down to the noise floor" if way > 0 else ""
    largest = weights[np.argmax(np.abs(weights))]
    return (
        f"The weights add up to {weights.sum():.2f}; the largest is {largest:.2f}. "
        f"Test MSE {bold(f'{ridge:.4f}')} against {naive:.4f} of the last value{on_the_way}."
    )
