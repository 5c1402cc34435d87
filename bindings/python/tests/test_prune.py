# SPDX-License-Identifier: MIT
"""prune: what it cuts, that the result is the same, and what it refuses and why."""

import pytest
import torch
import torch.nn.functional as F
from taildropout import TailDropout, TailMLP, prune
from taildropout.curve import evaluating
from torch import nn


def trained(model, shape):
    """Other than initial numbers, above all in the statistics of BatchNorm."""
    torch.manual_seed(0)
    model.train()
    for _ in range(3):
        model(torch.randn(shape) * 2 + 1)
    for parameter in model.parameters():
        parameter.data.add_(torch.randn_like(parameter) * 0.1)
    return model.eval()


def same_at(model, small, k, x, name):
    with torch.no_grad(), evaluating(model), evaluating(small):
        layer = model.get_submodule(name)
        layer.set_k(k)
        whole, cut = model(x), small(x)
        layer.set_k(None)
    assert (whole - cut).abs().max() <= 1e-5 * whole.abs().max()


CASES = {
    "linear": ([nn.Linear(6, 12), TailDropout(), nn.Linear(12, 4)], (9, 6), "1"),
    "activations": (
        [nn.Linear(6, 12), nn.ReLU(), TailDropout(), nn.Dropout(), nn.GELU(), nn.Linear(12, 4)],
        (9, 6),
        "2",
    ),
    "batch norm": (
        [nn.Linear(6, 12), nn.BatchNorm1d(12), nn.ReLU(), TailDropout(), nn.Linear(12, 4)],
        (9, 6),
        "3",
    ),
    "behind": (
        [nn.Linear(6, 12), TailDropout(), nn.BatchNorm1d(12), nn.Sigmoid(), nn.Linear(12, 4)],
        (9, 6),
        "1",
    ),
    "no bias": (
        [nn.Linear(6, 12, bias=False), TailDropout(), nn.Sigmoid(), nn.Linear(12, 4, bias=False)],
        (9, 6),
        "1",
    ),
    "prelu": (
        [nn.Linear(6, 12), nn.PReLU(12), TailDropout(), nn.PReLU(), nn.Linear(12, 4)],
        (9, 6),
        "2",
    ),
    "sequence": (
        [nn.Linear(6, 12), TailDropout(batch_dim=[0, 1]), nn.Linear(12, 4)],
        (9, 5, 6),
        "1",
    ),
    "conv1d": (
        [nn.Conv1d(3, 12, 3), TailDropout(dropout_dim=1), nn.ReLU(), nn.Conv1d(12, 4, 3)],
        (9, 3, 10),
        "1",
    ),
    "conv2d": (
        [
            *(nn.Conv2d(3, 12, 3), nn.BatchNorm2d(12), nn.ReLU(), TailDropout(dropout_dim=1)),
            *(nn.MaxPool2d(2), nn.Conv2d(12, 4, 3, padding=1)),
        ],
        (9, 3, 10, 10),
        "3",
    ),
    "flatten": (
        [
            nn.Conv2d(3, 12, 3),
            TailDropout(dropout_dim=-3),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(768, 4),
        ],
        (9, 3, 10, 10),
        "1",
    ),
    "pooled": (
        [
            *(nn.Conv2d(3, 12, 3), TailDropout(dropout_dim=1), nn.AdaptiveAvgPool2d(1)),
            *(nn.Flatten(), nn.Linear(12, 4)),
        ],
        (9, 3, 10, 10),
        "1",
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("k", [1, 5, 12])
def test_the_same_output(case, k):
    layers, shape, name = CASES[case]
    model = trained(nn.Sequential(*layers), shape)
    x = torch.randn(shape)
    before = sum(p.numel() for p in model.parameters())
    small = prune(model, k, x)
    same_at(model, small, k, x, name)
    after = sum(p.numel() for p in small.parameters())
    assert after < before or k == 12
    assert sum(p.numel() for p in model.parameters()) == before
    assert not small.training
    small.train()
    small(x).sum().backward()  # it can be trained on


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(6, 12)
        self.tail = TailDropout()
        self.one, self.two = nn.Linear(12, 4), nn.Linear(12, 3)

    def forward(self, x):
        h = self.tail(torch.relu(self.body(x)))
        return torch.cat([self.one(F.silu(h)), self.two(h.tanh())], 1)


class Untraceable(Branches):
    def forward(self, x):
        if x.sum() > 1e9:
            return x
        return super().forward(x)


def test_several_consumers():
    model = trained(Branches(), (9, 6))
    x = torch.randn(9, 6)
    small = prune(model, 4, x)
    assert small.one.in_features == small.two.in_features == small.body.out_features == 4
    same_at(model, small, 4, x, "tail")


def test_named_layers():
    model = trained(Untraceable(), (9, 6))
    x = torch.randn(9, 6)
    with pytest.raises(ValueError, match="producer="):
        prune(model, 4)
    small = prune(model, 4, x, producer="body", consumer=["one", "two"])
    same_at(model, small, 4, x, "tail")
    for arguments, text in (
        (dict(producer="body"), "consumer"),
        (dict(producer="bodi", consumer="one"), "bodi"),
        (dict(producer=["body", "one"], consumer="two"), "one Linear"),
        (dict(producer="body", consumer="body"), "reads 6 features"),
    ):
        with pytest.raises(ValueError, match=text):
            prune(model, 3, **arguments)
    with pytest.raises((RuntimeError, ValueError)):
        prune(model, 4, x, producer="body", consumer="one")


def test_several_tails():
    model = nn.Sequential(
        nn.Linear(6, 12), TailDropout(), nn.ReLU(), nn.Linear(12, 8), TailDropout(), nn.Linear(8, 4)
    )
    x = torch.randn(9, 6)
    with pytest.raises(ValueError, match="each by name"):
        prune(model, 3)
    small = prune(model, {"1": 5, "4": 3}, x)
    assert (small[3].in_features, small[3].out_features) == (5, 3)
    small = prune(model, {"4": 3}, x)
    assert (small[3].in_features, small[3].out_features) == (12, 3)
    with pytest.raises(ValueError, match="'5'"):
        prune(model, {"5": 3})


def test_mlp():
    model = nn.Sequential(TailMLP(6, 12, 4), nn.ReLU(), TailMLP(4, 8, 2, "gelu"))
    x = torch.randn(9, 6)
    small = prune(model, {"0.tail": 5, "2.tail": 2}, x)
    assert small[0].producer.out_features == 5 and small[2].consumer.in_features == 2
    alone = TailMLP(6, 12, 4)
    assert prune(alone, 3, x).producer.out_features == 3


def test_a_table_of_weights_is_cut_too():
    model = nn.Sequential(
        nn.Linear(6, 4), TailDropout(law=[1, 1, 1, 1, 4], k_min=2), nn.Linear(4, 2)
    )
    small = prune(model, 2, torch.randn(3, 6))
    assert small[1]._law.weights == (1.0, 1.0, 6.0)
    small(torch.randn(3, 6))


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.tail, self.b = nn.Linear(6, 6), TailDropout(), nn.Linear(6, 2)

    def forward(self, x):
        return self.b(self.tail(self.a(x)) + x)


class Shared(Residual):
    def forward(self, x):
        h = self.a(x)
        return self.b(self.tail(h)) + h.sum()


class Twice(Residual):
    def forward(self, x):
        return self.b(self.tail(self.a(self.a(x))))


def tied():
    model = nn.Sequential(nn.Linear(6, 6), TailDropout(), nn.Linear(6, 6))
    model[2].weight = model[0].weight
    return model


def parametrised():
    model = nn.Sequential(nn.Linear(6, 6), TailDropout(), nn.Linear(6, 6))
    torch.nn.utils.parametrizations.weight_norm(model[2])
    return model


@pytest.mark.parametrize(
    "make, reason",
    [
        (lambda: nn.Sequential(nn.Linear(6, 6), nn.LayerNorm(6), TailDropout(), nn.Linear(6, 2)),
         "LayerNorm"),
        (lambda: nn.Sequential(nn.Linear(6, 6), TailDropout(), nn.LayerNorm(6), nn.Linear(6, 2)),
         "LayerNorm"),
        (lambda: nn.Sequential(nn.Linear(6, 6), TailDropout(), nn.Softmax(1), nn.Linear(6, 2)),
         "Softmax"),
        (tied, "tied"),
        (parametrised, "parametrisation"),
        (Residual, "add"),
        (Shared, "several places"),
        (Twice, "2 times"),
        (lambda: nn.Sequential(TailDropout(), nn.Linear(6, 2)), "input of the model"),
        (lambda: nn.Sequential(nn.Linear(6, 6), TailDropout()), "output of the model"),
        (lambda: nn.Sequential(nn.Conv1d(6, 6, 1, groups=2), TailDropout(dropout_dim=1),
                               nn.Conv1d(6, 2, 1)), "groups"),
        (lambda: nn.Sequential(nn.Conv1d(6, 6, 1), TailDropout(dropout_dim=1), nn.Sigmoid(),
                               nn.Conv1d(6, 2, 1, padding=1)), "not 0"),
        (lambda: nn.Sequential(nn.Conv1d(6, 6, 1), TailDropout(), nn.Conv1d(6, 2, 1)), "another"),
        (lambda: nn.Linear(6, 2), "no TailDropout"),
        (lambda: nn.Sequential(nn.Linear(6, 12), TailDropout(), nn.Flatten(), nn.Linear(60, 2)),
         "reads 60 features where the tail has 12"),
        (lambda: nn.Sequential(nn.Linear(6, 12), nn.AvgPool1d(3, 1, 1), TailDropout(),
                               nn.Linear(12, 2)), "1 pools over the last dim"),
        (lambda: nn.Sequential(nn.Linear(6, 12), TailDropout(dropout_dim=1), nn.Linear(12, 2)),
         "give a batch"),
        (lambda: torch.compile(nn.Sequential(nn.Linear(6, 12), TailDropout(), nn.Linear(12, 2))),
         "compiled"),
    ],
)  # fmt: skip
def test_refusals(make, reason):
    with pytest.raises(ValueError, match=reason):
        prune(make(), 3)


def test_a_batch_tells_which_dim_is_the_last():
    model = nn.Sequential(nn.Linear(6, 12), TailDropout(0.5, 0, 1), nn.Linear(12, 4)).eval()
    x = torch.randn(9, 6)
    same_at(model, prune(model, 4, x), 4, x, "1")
    with pytest.raises(ValueError, match="cuts another: 1 of 3 dims"):
        prune(model, 4, torch.randn(9, 12, 6))
    for layer in (nn.BatchNorm1d(12), nn.PReLU(12)):
        model = nn.Sequential(nn.Linear(6, 12), layer, TailDropout(), nn.Linear(12, 4)).eval()
        same_at(model, prune(model, 4, x), 4, x, "2")
        with pytest.raises(ValueError, match="1, a .* goes by dim 1"):
            prune(model, 4, torch.randn(9, 12, 6))
        model[2].batch_dim = [0, 1]
        with pytest.raises(ValueError, match="1, a .* goes by dim 1"):
            prune(model, 4)
    flat = nn.Sequential(nn.Linear(6, 12), TailDropout(), nn.Flatten(), nn.Linear(12, 4)).eval()
    same_at(flat, prune(flat, 4), 4, x, "1")


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_types_of_16_bits(dtype):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(60, 120), TailDropout(), nn.GELU(), nn.Linear(120, 9)).to(dtype)
    x = torch.randn(90, 60).to(dtype)
    assert prune(model, 40, x)[3].weight.dtype is dtype
    model[3].register_forward_pre_hook(lambda module, inputs: (inputs[0] + 1,))
    with pytest.raises(RuntimeError, match="changed the output"):
        prune(model, 40, x)


def test_k_0_says_what_it_means():
    model = nn.Sequential(nn.Linear(6, 12), TailDropout(), nn.Linear(12, 4))
    with pytest.raises(ValueError, match=r"in 1\.\.12; where a rule chose 0, no feature lowers"):
        prune(model, 0)


def test_bad_k():
    model = nn.Sequential(nn.Linear(6, 12), TailDropout(), nn.Linear(12, 4))
    for k in (0, 13, -1):
        with pytest.raises(ValueError, match=str(k)):
            prune(model, k)
    with pytest.raises(TypeError, match=r"2\.5"):
        prune(model, 2.5)


def test_the_batch_finds_what_types_do_not_tell():
    class Odd(nn.Linear):
        pass

    model = nn.Sequential(Odd(6, 12), TailDropout(), nn.Linear(12, 4))
    model[2].register_forward_pre_hook(lambda module, inputs: (inputs[0] + 1,))
    with pytest.raises(RuntimeError, match="changed the output"):
        prune(model, 4, torch.randn(3, 6))


def test_gradients_wanted_or_not_stay_so():
    model = nn.Sequential(nn.Linear(6, 12), TailDropout(), nn.Linear(12, 4))
    model[0].weight.requires_grad_(False)
    small = prune(model.double(), 3, torch.randn(3, 6).double())
    assert not small[0].weight.requires_grad and small[2].weight.requires_grad
    assert small[0].weight.dtype is torch.float64
