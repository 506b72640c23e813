"""The extra *Other nets on the same board*: its nets, and what it says of them."""

import numpy as np
import pytest
import torch
from lesson_run import executed

from benchmarks import record_other_nets
from lessons.records import recorded


@pytest.fixture(scope="module")
def nets():
    torch.manual_seed(0)
    return record_other_nets.cells("tcn", "transformer", "seq2seq")


def mean_of(record, row, column):
    table = recorded(record)
    (cells,) = [cells for cells in table.rows if cells[0] == row]
    return float(cells[table.heads.index(column)].split(" ±")[0])


def test_one_value_a_window(nets):
    X = torch.randn(5, 60, 1)
    assert nets["TCN"](8)(X).shape == nets["Transformer"](8, 60)(X).shape == (5, 1)
    nobody = torch.full((5, 10, 1), torch.nan)
    assert nets["Seq2Seq"](8, 10).eval()(torch.cat([X, nobody], dim=1)).shape == (5, 10)


def test_five_layers_of_convolutions_reach_over_the_whole_window_and_three_over_fifteen_steps(nets):
    for levels, reach in ((3, 15), (5, 60)):
        X = torch.randn(200, 60, 1, requires_grad=True)
        nets["TCN"](8, levels)(X).sum().backward()
        felt = X.grad.abs().sum(dim=(0, 2)) > 0
        assert felt[-reach:].all() and not felt[:-reach].any()


def test_the_decoder_looks_at_its_teacher_in_training_alone(nets):
    net, X = nets["Seq2Seq"](8, 4), torch.randn(3, 20, 1)
    path = torch.cat([X, torch.full((3, 4, 1), torch.nan)], dim=1)
    said = net.train()(path)  # taught with NaN: all but the first value are spoilt
    assert torch.isfinite(said[:, 0]).all() and torch.isnan(said[:, 1:]).all()
    net.own = 1.0
    assert torch.isfinite(net(path)).all()
    net.own = 0.0
    assert torch.isfinite(net.eval()(path)).all()


def test_on_the_board(claim):
    lesson = executed("extras/other_nets")
    score = {
        name: lesson.numbers("transformer-board", f"{name} ")[0]
        for name in ("last value", "ridge", "LSTM", "TCN", "Transformer")
    }
    for name in ("LSTM", "TCN", "Transformer"):
        claim(f"extra: {name} over last value, one seed", score[name] / score["last value"], high=0.95)
        claim(f"extra: {name} over ridge, one seed", score[name] / score["ridge"], low=0.98)
    assert "is the best net" in lesson.text("sizes")


def test_the_verdict_is_the_records():
    toy = [cells for cells in recorded("other_nets").rows if cells[0] in ("LSTM", "TCN", "Transformer")]
    assert all("(0 of 5)" in cell for cells in toy for cell in cells[3:5])
    ridge, season, teacher, mixed = (
        mean_of("other_nets_ten_ahead", name, "step 10")
        for name in ("ridge", "seasonal naive", "seq2seq, teacher forcing", "seq2seq, scheduled sampling")
    )
    assert ridge < mixed < teacher < season
    sds = {cells[0]: float(cells[-1].split("± ")[1]) for cells in recorded("other_nets_ten_ahead").rows}
    taught = max(sds["seq2seq, teacher forcing"], sds["seq2seq, scheduled sampling"])
    assert sds["seq2seq, its own"] > 3 * taught
    level = [mean_of("other_nets", name, "trend and seasons") for name in ("LSTM", "TCN", "Transformer")]
    assert max(level) < 1.06 * min(level) < 0.81 * mean_of("other_nets", "LSTM torch", "trend and seasons")
    sizes = {row[0]: np.array(row[1:], float) for row in recorded("other_nets_sizes").rows}
    ridge = sizes.pop("ridge")
    assert all((mses > ridge).all() for mses in sizes.values())
    assert all((sizes[name] < sizes["LSTM"])[:3].all() for name in ("TCN", "Transformer"))
