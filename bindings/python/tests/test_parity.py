# SPDX-License-Identifier: MIT
"""The layer against the original restated: the same seed gives the same masks, bit for bit."""

import math

import pytest
import torch
from original import Original, scale_of
from taildropout import TailDropout, get_scale_param

SHAPES = [
    ((5, 7), 0, -1),
    ((5, 7), 0, 1),
    ((16, 64), 0, -1),
    ((1000, 33), 0, -1),
    ((7, 5), 1, 0),
    ((5, 1, 7), 0, -1),
    ((5, 6, 7), 0, 2),
    ((6, 5, 7), 1, -1),
    ((6, 5, 7), [0, 1], -1),
    ((6, 5, 7), [1, 0], -1),
    ((6, 5, 7), [-2], 0),
    ((8, 6, 5, 4), 0, 1),
    ((8, 6, 5, 4), [0, 2, 3], 1),
    ((8, 6, 5, 4), [3, 0], -2),
    ((1, 5, 1, 7, 1), 1, -2),
    ((2, 3, 4, 10, 5), 0, 3),
    ((2, 3, 4, 10, 5), [4, 0], 3),
    ((300, 1024), 0, -1),
]


def both(p, batch_dim, dropout_dim, x, seed):
    theirs, ours = Original(p, batch_dim, dropout_dim), TailDropout(p, batch_dim, dropout_dim)
    torch.manual_seed(seed)
    expected = theirs(x)
    state = torch.get_rng_state()
    torch.manual_seed(seed)
    found = ours(x)
    assert torch.equal(torch.get_rng_state(), state)  # what comes after is the same, too
    return expected, found


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape, batch_dim, dropout_dim", SHAPES)
def test_same_seed_same_mask(shape, batch_dim, dropout_dim, dtype):
    for seed, p in enumerate([0.5, 0.1, 0.9, 0.001, 0.3]):
        x = torch.randn(shape, dtype=dtype).abs() + 1
        expected, found = both(p, batch_dim, dropout_dim, x, seed)
        assert torch.equal(expected, found)
        assert found.stride() == expected.stride()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_same_mask_over_many_sizes(dtype):
    """Any n, also those whose table ends in the scalar part of a vector loop."""
    for n in [*range(1, 70), 127, 129, 500, 511, 513, 1000, 2049]:
        for p in (0.05, 0.5, 0.97):
            x = torch.ones(64, n, dtype=dtype)
            expected, found = both(p, 0, -1, x, n)
            assert torch.equal(expected, found), (n, p)


def test_same_mask_where_the_table_repeats_itself():
    """With tiny p neighbouring entries round to the same number; 0 itself occurs among the draws."""
    x = torch.ones(20_000, 9)
    for p in (1e-7, 1e-6, 0.999999):
        expected, found = both(p, 0, -1, x, 3)
        assert torch.equal(expected, found)


def test_tables_rise():
    """k as a count of entries equals the mask only where tables rise; they do."""
    for p in (1e-4, 0.01, 0.1, 0.5, 0.9, 0.999):
        layer = TailDropout(p)
        for n in (1, 2, 7, 8, 9, 31, 100, 1000, 4097):
            for dtype in (torch.float32, torch.float64):
                assert layer._table(n, dtype).rises


@pytest.mark.parametrize("p", [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.05, *[i / 10 for i in range(1, 10)]])
def test_scale(p):
    for tol in (1e-9, 1e-10):
        a = get_scale_param(p, tol)
        assert a == scale_of(p, tol)
        assert abs(p - (1 - (a - a * math.exp(-1 / a)))) < tol


@pytest.mark.parametrize("p", [0, 1, -0.1, 1.1, math.nan, math.inf])
def test_scale_refuses(p):
    with pytest.raises(ValueError, match="p"):
        get_scale_param(p)


def test_scale_of_what_is_hardly_above_0():
    assert get_scale_param(1e-300) == math.inf
    x = torch.ones(1000, 50)
    assert torch.equal(TailDropout(1e-300)(x), x)


@pytest.mark.parametrize("n", [10, 50, 100, 1000])
def test_calibration(n):
    torch.manual_seed(1)
    x = torch.ones(100_000 if n < 1000 else 30_000, 2, n)
    for p in [0, 0.0001, 0.001, 0.01, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0]:
        dropped = 1 - TailDropout(p, batch_dim=[0, 1])(x).mean()
        assert abs(dropped - p) < (0.05 if n == 10 else 0.02)


def test_several_batch_dims():
    x = torch.ones(100, 100, 10)
    one = TailDropout(batch_dim=0)(x).sum(-1)
    assert (one == one[:, :1]).all()
    many = TailDropout(batch_dim=[0, 1])(x).sum(-1)
    assert not (many == many[:, :1]).all()


@pytest.mark.parametrize("make", [dict(), dict(p=0), dict(p=1), dict(dropout_dim=4)])
def test_gradient_is_the_mask(make):
    x = torch.ones(2, 1, 2, 3, 5, requires_grad=True)
    layer = TailDropout(**make)
    for k in (2, None):
        layer.set_k(k)
        x.grad = None
        y = layer(x)
        y.sum().backward()
        assert torch.equal(x.grad, y.detach())


@pytest.mark.parametrize("shape", [(16, 64), (2000, 300)])
def test_gradients_equal_those_of_the_original(shape):
    x = torch.randn(shape, requires_grad=True)
    weight = torch.randn(shape)
    gradients = []
    for layer in (Original(), TailDropout()):
        torch.manual_seed(5)
        (gradient,) = torch.autograd.grad((layer(x) * weight).sum(), x)
        gradients.append(gradient)
    assert torch.equal(*gradients)


def test_first_k():
    x = torch.randn(2, 3, 4, 10, 5)
    expected = x.clone()
    expected[:, :, :, 6:] = 0
    layer = TailDropout(dropout_dim=3)
    layer.set_k(6)
    assert torch.equal(layer(x), expected)


def test_routes():
    for shape, make in [
        ((5, 7), dict()),
        ((5, 7), dict(dropout_dim=1)),
        ((1, 5, 1, 7), dict(batch_dim=1)),
        ((1, 5, 1, 7, 1), dict(batch_dim=1, dropout_dim=-2)),
        ((5, 5, 7), dict(batch_dim=[1, 0])),
    ]:
        layer = TailDropout(**make)
        x = torch.ones(shape)
        assert layer(x).shape == x.shape
        layer.eval()
        assert layer(x) is x
        layer.set_k(2)
        in_eval = layer(x)
        layer.train()
        layer.set_k(2)
        assert torch.equal(in_eval, layer(x))
        assert in_eval.mean().item() == pytest.approx(2 / 7)
        layer.set_k(7)
        assert torch.equal(layer(x), x)


def test_dropped_values_are_positive_zeros():
    """Where the original has NaN·0 = NaN and -1·0 = -0.0, ours has +0.0; the sign is the only
    difference for finite input."""
    x = torch.full((50, 9), -1.0)
    expected, found = both(0.5, 0, -1, x, 0)
    assert torch.equal(expected, found)
    assert expected.signbit().any() and not found[found == 0].signbit().any()
    for value in (math.nan, math.inf, -math.inf):
        for size in (9, 2000):
            torch.manual_seed(0)
            y = TailDropout()(torch.full((50, size), value))
            dropped = y == 0
            assert dropped.any() and not y[dropped].signbit().any()


def test_low_precision_draws_in_float32():
    """The original draws 8 or 11 bits; ours has the k of float32 for every narrow type."""
    x = torch.ones(4000, 1024)
    torch.manual_seed(0)
    expected = TailDropout()(x)
    for dtype in (torch.bfloat16, torch.float16):
        torch.manual_seed(0)
        assert torch.equal(TailDropout()(x.to(dtype)).float(), expected)
        torch.manual_seed(0)
        theirs = Original()(x.to(dtype)).sum(1).unique().numel()
        assert theirs < expected.sum(1).unique().numel()
