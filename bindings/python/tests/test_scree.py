# SPDX-License-Identifier: MIT
"""scree and choose_k."""

import functools
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from taildropout import Scree, TailDropout, TailMLP, choose_k, scree
from torch import nn


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 10), TailDropout(), nn.ReLU(), nn.Linear(10, 4))


def data(rows=250):
    g = torch.Generator().manual_seed(1)
    return torch.randn(rows, 6, generator=g), torch.randn(rows, 4, generator=g)


@pytest.mark.parametrize("loss", [nn.MSELoss(), F.mse_loss, lambda y, t: ((y - t) ** 2).mean(1)])
def test_curve(loss):
    model, (x, y) = network(), data()
    curve = scree(model, (x, y), loss, batch_size=64)
    assert curve.n == 10 and curve.loss.shape == curve.se.shape == (11,) and curve.rows == 250
    assert curve.k.tolist() == list(range(11))
    model.eval()
    for k in (0, 3, 10):
        model[1].set_k(k)
        rows = ((model(x) - y) ** 2).mean(1).double()
        assert curve.loss[k] == pytest.approx(rows.mean().item(), rel=1e-6)
        assert curve.se[k] == pytest.approx((rows.std() / 250**0.5).item(), rel=1e-6)


def test_a_loss_that_is_one_number():
    model, (x, y) = network(), data(256)
    curve = scree(model, (x, y), lambda a, b: ((a - b) ** 2).mean(), batch_size=64)
    other = scree(model, (x, y), nn.MSELoss())
    np.testing.assert_allclose(curve.loss, other.loss, rtol=1e-5)
    assert np.isfinite(curve.se).all()
    single = scree(model, (x, y), lambda a, b: ((a - b) ** 2).mean())
    assert np.isnan(single.se).all()


def test_kinds_of_data():
    x, y = data()
    model = network()
    loss = nn.MSELoss()
    expected = scree(model, (x, y), loss).loss
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=32)
    np.testing.assert_allclose(scree(model, loader, loss).loss, expected, rtol=1e-5)
    np.testing.assert_allclose(scree(model, [(x, y)], loss).loss, expected, rtol=1e-5)
    np.testing.assert_allclose(scree(model, (x.numpy(), y.numpy()), loss).loss, expected, rtol=1e-5)
    auto = nn.Sequential(nn.Linear(6, 10), TailDropout(), nn.Linear(10, 6))
    one = scree(auto, x, loss).loss
    np.testing.assert_allclose(scree(auto, (x, x), loss).loss, one, rtol=1e-5)
    np.testing.assert_allclose(scree(auto, x.split(32), loss).loss, one, rtol=1e-5)
    for bad, error in (
        ((x, y[:3]), ValueError),
        (5, TypeError),
        ([], ValueError),
        ([(x, y, x)], ValueError),
    ):
        with pytest.raises(error):
            scree(model, bad, loss)
    with pytest.raises(ValueError, match="shape"):
        scree(model, (x, y), lambda a, b: (a - b).mean(0))


def test_a_list_is_batches_and_a_tuple_a_pair():
    x, y = data()
    auto = nn.Sequential(nn.Linear(6, 10), TailDropout(), nn.Linear(10, 6))
    one = scree(auto, x, nn.MSELoss())
    halves = scree(auto, [x[:125], x[125:]], nn.MSELoss())
    assert halves.rows == 250
    np.testing.assert_allclose(halves.loss, one.loss, rtol=1e-5)


def test_arrays_become_the_models_type():
    model, (x, y) = network(), data()
    x, y = x.double().numpy(), y.double().numpy()
    expected = scree(model, (torch.tensor(x).float(), torch.tensor(y).float()), nn.MSELoss()).loss
    for arrays in ((x, y), [(x, y)]):
        np.testing.assert_allclose(scree(model, arrays, nn.MSELoss()).loss, expected, rtol=1e-5)
    scree(model, (x, np.arange(250) % 4), nn.CrossEntropyLoss())


class ByName(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.tail, self.b = nn.Linear(6, 10), TailDropout(), nn.Linear(10, 4)

    def forward(self, x):
        return self.b(self.tail(input=self.a(x)))


def test_a_tail_that_is_called_by_keyword():
    assert scree(ByName(), data(), nn.MSELoss()).n == 10


WEIGHT = torch.tensor([0.1, 1.0, 5.0, 2.0])


class Weighted(nn.Module):
    """A mean that no row tells."""

    reduction = "mean"

    def forward(self, y, t):
        rows = ((y - t) ** 2).mean(1)
        return rows if self.reduction == "none" else (rows * t[:, 0].abs()).mean()


LOSSES = {
    "mean": (nn.MSELoss(), 0),
    "sum": (nn.MSELoss(reduction="sum"), 0),
    "function": (functools.partial(F.mse_loss, reduction="sum"), 0),
    "batchmean": (nn.KLDivLoss(reduction="batchmean"), "soft"),
    "entropy": (nn.CrossEntropyLoss(), "class"),
    "weight": (nn.CrossEntropyLoss(weight=WEIGHT), "class"),
    "ignored": (nn.CrossEntropyLoss(ignore_index=1), "class"),
    "both": (nn.CrossEntropyLoss(weight=WEIGHT, ignore_index=2, label_smoothing=0.1), "class"),
    "weighted sum": (nn.CrossEntropyLoss(weight=WEIGHT, reduction="sum"), "class"),
    "partial": (functools.partial(F.cross_entropy, weight=WEIGHT), "class"),
    "default ignored": (F.cross_entropy, "ignored"),
    "probabilities": (nn.CrossEntropyLoss(weight=WEIGHT), "share"),
    "not by rows": (Weighted(), 0),
}


@pytest.mark.parametrize("case", LOSSES)
def test_the_curve_is_what_the_loss_itself_says(case):
    loss, kind = LOSSES[case]
    model, (x, y) = network().eval(), data()
    labels = torch.arange(250) ** 2 % 4
    labels[::3] = 2
    if kind == "soft":
        model, y = nn.Sequential(*model, nn.LogSoftmax(1)), y.softmax(1)
    elif kind == "class":
        y = labels
    elif kind == "ignored":
        y = torch.where(torch.arange(250) % 5 == 0, -100, labels)
    elif kind == "share":
        y = y.softmax(1)
    batch_size = 1024 if case == "not by rows" else 64
    curve = scree(model, (x, y), loss, batch_size=batch_size)
    for k in (0, 3, 10):
        model[1].set_k(k)
        assert curve.loss[k] == pytest.approx(loss(model(x), y).item(), rel=1e-5)
    assert np.isfinite(curve.se).all() == (case != "not by rows")


def test_standard_errors_of_weighted_rows():
    """Ignored rows are as not there, and a sum of rows errs by as many times as much."""
    model, (x, _) = network(), data()
    labels = torch.arange(250) % 4
    some = scree(model, (x, labels), nn.CrossEntropyLoss(ignore_index=3))
    kept = labels != 3
    without = scree(model, (x[kept], labels[kept]), nn.CrossEntropyLoss())
    np.testing.assert_allclose(some.loss, without.loss, rtol=1e-6)
    np.testing.assert_allclose(some.se, without.se, rtol=1e-6)
    total = scree(model, (x, labels), nn.CrossEntropyLoss(reduction="sum"))
    mean = scree(model, (x, labels), nn.CrossEntropyLoss())
    np.testing.assert_allclose(total.se, 250 * mean.se, rtol=1e-6)


def test_rows_of_bfloat16_are_rows():
    x, y = data()
    curve = scree(network().bfloat16(), (x.bfloat16(), y.bfloat16()), nn.MSELoss())
    assert np.isfinite(curve.se).all()
    np.testing.assert_allclose(curve.loss, scree(network(), (x, y), nn.MSELoss()).loss, rtol=0.02)


def test_a_sum_that_rows_do_not_tell_is_refused():
    loss = Weighted()
    loss.reduction = "sum"
    with pytest.raises(ValueError, match='reduction="sum"'):
        scree(network(), data(), loss)


def test_classifier_and_images():
    model = nn.Sequential(
        nn.Conv2d(1, 8, 3), TailDropout(dropout_dim=1), nn.Flatten(), nn.Linear(8 * 36, 3)
    )
    curve = scree(model, (torch.randn(40, 1, 8, 8), torch.randint(3, (40,))), nn.CrossEntropyLoss())
    assert curve.n == 8 and np.isfinite(curve.se).all()


def test_several_tails():
    model = nn.Sequential(
        nn.Linear(6, 10), TailDropout(), nn.Linear(10, 5), TailDropout(), nn.Linear(5, 4)
    )
    curve = scree(model, data(), nn.MSELoss())
    assert [c.name for c in curve.tails] == ["1", "3"] and [c.n for c in curve.tails] == [10, 5]
    assert curve.tails[0].loss[-1] == pytest.approx(curve.tails[1].loss[-1])
    second = scree(model, data(), nn.MSELoss(), tails="3")
    np.testing.assert_array_equal(second.loss, curve.tails[1].loss)
    with pytest.raises(ValueError, match="'7'"):
        scree(model, data(), nn.MSELoss(), tails=["7"])
    with pytest.raises(ValueError, match="no TailDropout"):
        scree(nn.Linear(6, 4), data(), nn.MSELoss())


def test_mlp():
    torch.manual_seed(0)
    mlp = TailMLP(6, 10, 4)
    plain = nn.Sequential(mlp.producer, mlp.activation, mlp.tail, mlp.consumer)
    a = scree(mlp, data(), nn.MSELoss())
    b = scree(plain, data(), nn.MSELoss())
    np.testing.assert_allclose(a.loss, b.loss, rtol=1e-5)


def test_the_model_comes_back_as_it_was():
    model = nn.Sequential(network(), nn.BatchNorm1d(4))
    model[1].eval()
    model[0][1].set_k(4)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scree(model, data(), nn.MSELoss())
    assert model.training and not model[1].training
    assert model[0][1].k.item() == 4 and model[0][1]._k_is_set
    with pytest.raises(RuntimeError):
        scree(model, (torch.randn(4, 6), torch.randn(4, 3)), nn.MSELoss(reduction="none"))
    assert model.training and model[0][1].k.item() == 4


def test_plot(tmp_path):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    model = nn.Sequential(
        nn.Linear(6, 10), TailDropout(), nn.Linear(10, 5), TailDropout(), nn.Linear(5, 4)
    )
    axes = scree(model, data(), nn.MSELoss()).plot()
    assert len(axes.lines) == 4
    axes.figure.savefig(tmp_path / "scree.png")
    assert scree(model, data(), nn.MSELoss()).plot(axes, rule=None) is axes


LOSS = [10.0, 5.0, 3.0, 2.0, 1.5, 1.1, 1.05, 1.0, 1.0, 1.01]


def test_choose_k():
    assert choose_k(LOSS) == choose_k(LOSS, "within=2%") == 5
    cliff = [100, 30, 4, 3.2, 2.8, 2.4, 1.5, 0]
    assert (choose_k(cliff), choose_k(cliff, "within=2%")) == (2, 6)
    assert choose_k(LOSS, "within=0%") == 7
    assert choose_k(LOSS, "within=10%") == 4
    assert choose_k(LOSS, "knee") in (2, 3)
    assert choose_k(LOSS, "1se", [0.06] * 10) == 6
    assert choose_k(LOSS, 4) == choose_k(LOSS, "4") == choose_k(LOSS, np.int64(4)) == 4
    curve = Scree("", np.array(LOSS), np.full(10, 0.06), 100)
    assert choose_k(curve, "1se") == 6
    assert choose_k(LOSS, "bytes=2k", size=lambda k: 100 + 300 * k) == 6
    assert choose_k(LOSS, "bytes=1M", size=lambda k: 100 + 300 * k) == 9


@pytest.mark.parametrize(
    "arguments, text",
    [
        ((LOSS, "best"), "'best' is none of 'auto', 'within=X%', 'knee'"),
        ((LOSS, 2.5), "2.5 is none of"),
        ((LOSS, "within=200%"), "200"),
        ((LOSS, 10), "10"),
        ((LOSS, -1), "-1"),
        (([1.0, float("nan")], "auto"), "k = 1 is nan"),
        (([], "auto"), "at least one"),
        ((LOSS, "1se"), "'1se' needs se="),
        ((LOSS, "1se", [1.0]), "1 numbers"),
        ((LOSS, "bytes=2k"), "size"),
        ((LOSS, "bytes=x"), "bytes"),
    ],
)
def test_choose_k_refuses(arguments, text):
    with pytest.raises(ValueError, match=text):
        choose_k(*arguments, **({"size": lambda k: k} if text == "bytes" else {}))


def test_curves_can_be_compared_and_hashed():
    one, other = (Scree("", np.array(LOSS), np.array(LOSS), 9) for _ in range(2))
    assert one == one and one != other and len({one, other}) == 2


def test_bytes_too_few():
    with pytest.raises(ValueError, match="k = 0"):
        choose_k(LOSS, "bytes=10", size=lambda k: 100 + k)


class Changing(nn.Module):
    """Adds to what lies before the tail in place, so that it cannot be computed once."""

    def __init__(self):
        super().__init__()
        self.a, self.tail, self.b = nn.Linear(6, 10), TailDropout(), nn.Linear(10, 4)

    def forward(self, x):
        h = torch.relu(self.a(x))
        y = self.b(self.tail(h))
        h += 1
        return y + h.sum(1, keepdim=True)


def test_what_lies_before_the_tail_runs_once():
    model, (x, y) = network(), data(100)
    calls = []
    model[0].register_forward_hook(lambda *_: calls.append("before"))
    model[3].register_forward_hook(lambda *_: calls.append("behind"))
    scree(model, [(x, y), (x, y), (x, y)], nn.MSELoss())
    # a run to learn n; on the first batch three to compare, each with the whole model
    assert calls.count("before") == 1 + 1 + 3 + 3
    assert calls.count("behind") == 1 + 6 + 3 * 11


@pytest.mark.parametrize("trace", [True, False])
def test_models_that_cannot_run_in_part(trace, monkeypatch):
    model, (x, y) = Changing(), data(100)
    if not trace:
        model.register_module("extra", nn.Identity())
        monkeypatch.setattr("taildropout.curve.trace", lambda model: 1 / 0)
    curve = scree(model, (x, y), nn.MSELoss())
    model.eval()
    for k in (0, 4, 10):
        model.tail.set_k(k)
        assert curve.loss[k] == pytest.approx(F.mse_loss(model(x), y).item(), rel=1e-5)
