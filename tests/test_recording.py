"""Recorded explorers: every state that a page without a kernel plays is the live explorer's own."""

import base64
import gzip
import json

import numpy as np
import pytest
from plotly.colors import get_colorscale

from lessons import explorers
from lessons.explorers.base import Explorer, slider
from lessons.explorers.recording import grid, record
from lessons.export import states

LARGEST = 0.7e6  # bytes of a table, compressed


def error_price():
    y = np.sin(np.arange(300) / 7) * 20 + 50
    forecasts = {"last value": np.roll(y, 1), "mean": np.full(300, 50.0)}
    return explorers.error_price((y, forecasts), (np.arange(300), y, forecasts), unit="µg/m³", name="air")


MADE = {
    "welcome": explorers.welcome,
    "sliding_window": explorers.sliding_window,
    "leak": explorers.leak,
    "naive_error": explorers.naive_error,
    "ridge_weights": explorers.ridge_weights,
    "cell": explorers.cell,
    "gru": lambda: explorers.cell("gru"),
    "chain": explorers.chain,
    "gate_heatmaps": explorers.gate_heatmaps,
    "hold_gate": explorers.hold_gate,
    "rollout_steps": explorers.rollout_steps,
    "eigenvalues": explorers.eigenvalues,
    "memory": lambda: explorers.memory(network="GRU"),
    "gap_filling": explorers.gap_filling,
    "error_price": error_price,
}
QUICK = {"welcome", "chain", "eigenvalues", "memory"}


def recorded(explorer):
    """Return an explorer's table and the settings that were recorded."""
    settings, go_through = [], explorer.recording

    def recording():
        for setting in go_through():
            if setting not in settings:  # or again, by another way
                settings.append(setting)
            yield setting

    explorer.recording = recording
    return record(explorer), settings


def shown(table, number):
    """Return what stands at each place in one of a table's states."""
    row = list(table["states"].values())[number]
    pairs = [*table["fixed"], *zip(table["places"], row, strict=True)]
    return {tuple(place): unpacked(table["pool"][value]) for place, value in pairs}


def unpacked(value):
    """Return plotly.js's packed arrays as arrays."""
    if isinstance(value, dict) and "bdata" in value:
        flat = np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])
        return flat.reshape([int(n) for n in value.get("shape", str(len(flat))).split(",")])
    if isinstance(value, dict):
        return {name: unpacked(part) for name, part in value.items()}
    return [unpacked(part) for part in value] if isinstance(value, list) else value


def at(value, path):
    for step in path:
        value = value[step] if isinstance(value, list) or step in value else None
    return value


def same(a, b):
    """Compare what was recorded with what plotly.py made of it: a colour scale's name became its colours."""
    if isinstance(a, str) and isinstance(b, list):
        return same([list(pair) for pair in get_colorscale(a)], b)
    if isinstance(a, list) and not a and b is None:
        return True
    if isinstance(a, str) or a is None or b is None:
        return a == b
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    try:
        a, b = np.asarray(a, float), np.asarray(b, float)
    except (ValueError, TypeError):  # words, or lists of records
        return len(a) == len(b) and all(same(one, other) for one, other in zip(a, b, strict=True))
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-6, atol=1e-6, equal_nan=True)


@pytest.mark.parametrize("name", [n if n in QUICK else pytest.param(n, marks=pytest.mark.slow) for n in MADE])
def test_every_state_is_the_live_explorers(name):
    table, settings = recorded(MADE[name]())
    assert len(gzip.compress(states(table).encode())) < LARGEST
    assert len(settings) == len(table["states"])
    live = MADE[name]()
    for number in range(0, len(settings), 1 + len(settings) // 60):
        live.earlier.clear()
        live.set(**settings[number])
        figures = [unpacked(json.loads(f.figure.to_json())) for f in live._figures if hasattr(f, "figure")]
        state = shown(table, number)
        assert state[("finding",)] == live.readout.finding
        for (kind, *place), value in state.items():
            if kind == "figure":
                assert same(value, at(figures[place[0]], place[1:])), (settings[number], place)
        if hasattr(live.live, "svg"):
            pieces = sorted((place[1], piece) for place, piece in state.items() if place[0] == "drawing")
            assert "<".join(piece for _, piece in pieces).rstrip("<") == live.live.svg


def test_a_large_grid_is_thinned_and_keeps_its_start_and_ends():
    live = explorers.welcome().live
    controls = {name: slider(name, 7, 0, 100, 1) for name in "ab"}
    explorer = Explorer(controls, lambda a, b: f"{a} {b}", live)
    offered = list(grid(explorer, most=200))
    assert 100 < len(offered) <= 200
    for name in "ab":
        assert {0, 7, 100} <= {setting[name] for setting in offered}


@pytest.mark.slow
def test_training_is_recorded_epoch_by_epoch():
    explorer = explorers.training("two waves", epochs=30, hidden_size=4)
    table, settings = recorded(explorer)
    last = [number for number, setting in enumerate(settings) if setting["epoch"] == 30]
    assert len(last) == 9
    for number in last:
        setting = settings[number]
        explorer.set(cell=setting["cell"], centring=setting["centring"])
        state = shown(table, number)
        assert state[("finding",)] == explorer.readout.finding
        losses = explorer.live.figure.data[2].y
        assert same(state["figure", 0, "data", 2, "y"], losses)
        assert same(state["figure", 1, "data", 1, "y"], explorer.forecast.figure.data[1].y)
    early = shown(table, 0)
    assert len(early["figure", 0, "data", 1, "y"]) == settings[0]["epoch"] == 1
