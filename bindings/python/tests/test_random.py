# SPDX-License-Identifier: MIT
"""10,000 random combinations of shape, strides, type, dims, k, p and mode, good and bad, against five
lines of torch. Whatever is asked for, the interpreter lives, and errors are those of torch's users."""

import random

import pytest
import torch
from taildropout import TailDropout

CASES, PARTS = 10_000, 10
DTYPES = [torch.float32] * 4 + [
    *(torch.float64, torch.bfloat16, torch.float16, torch.int64, torch.int16, torch.uint8),
    *(torch.bool, torch.complex64, torch.complex128),
]
ERRORS = (ValueError, TypeError, IndexError, RuntimeError)


def reference(x, keep, dim):
    """Five lines: zero what lies at keep and beyond along a dim."""
    y = x.clone()
    index = torch.arange(x.shape[dim]).reshape([-1 if d == dim else 1 for d in range(x.ndim)])
    y[(index >= keep).expand(x.shape)] = 0
    return y


def random_tensor(r):
    ndim = r.choice([0, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4, 5])
    shape = [r.choice([0, 1, 1, 2, 3, 4, 5, 7, 9, 16, 33]) for _ in range(ndim)]
    if ndim == 2 and r.random() < 0.1:
        shape = [r.choice([40, 257]), r.choice([300, 512])]
    dtype = r.choice(DTYPES)
    x = (
        (torch.rand(shape) * 100 + 1).to(dtype)
        if dtype is not torch.bool
        else torch.ones(shape) > 0
    )
    layout = r.choice(["plain", "plain", "permuted", "strided", "expanded", "sliced", "channels"])
    if layout == "permuted" and ndim:
        x = x.permute(r.sample(range(ndim), ndim))
    elif layout == "strided" and ndim:
        x = x[tuple(slice(None, None, r.choice([1, 2, 3])) for _ in shape)]
    elif layout == "expanded" and ndim:
        dim = r.randrange(ndim)
        x = x.narrow(dim, 0, min(1, x.shape[dim])).expand(*[
            r.choice([1, 4]) if d == dim and x.shape[d] else s for d, s in enumerate(x.shape)
        ])  # fmt: skip
    elif layout == "sliced" and ndim:
        x = x[..., x.shape[-1] // 3 :]
    elif layout == "channels" and ndim == 4:
        x = x.contiguous(memory_format=torch.channels_last)
    return x


def random_layer(r, ndim):
    bad = r.random() < 0.25
    dims = range(-ndim - bad, ndim + bad)
    batch = 0
    dropout = -1
    if r.random() < 0.5 and ndim > 1:
        dropout = r.choice(dims)
        others = dims if bad else [d for d in dims if (d - dropout) % ndim]
        batch = r.choice([r.choice(others), r.choices(others, k=r.randrange(3))])
    p = r.choice([0.5, 0.5, 0.1, 0.9, 0.01, r.random(), 0, 1])
    law = r.choice(["original"] * 3 + ["exponential", "uniform", "geometric:0.3"])
    if bad:
        batch = r.choice([batch, batch, "x"])
        p = r.choice([p, p, -1, 2, float("nan"), None])
        law = r.choice([law, law, "no"])
    k_min = r.choice([0, 0, 0, 0, 0, 1, 2])
    inplace, stratified = r.random() < 0.1, r.random() < 0.2
    return TailDropout(
        p, batch, dropout, law=law, k_min=k_min, stratified=stratified, inplace=inplace
    )


def check_drawn(layer, x, before, y):
    """Every sample keeps a prefix, the same over all other dims."""
    dim = layer.dropout_dim % x.ndim
    batch = layer.batch_dim if isinstance(layer.batch_dim, list) else [layer.batch_dim]
    batch = {d % x.ndim for d in batch}
    mask = (y != 0) | (before == 0)
    shape = [1 if d in batch or d == dim else s for d, s in enumerate(x.shape)]
    for d, size in enumerate(shape):
        if size > 1:
            mask = mask.amin(d, keepdim=True)
    keep = mask.sum(dim, keepdim=True)
    assert torch.equal(y, reference(before, keep, dim))


def one_case(r):
    x = random_tensor(r)
    layer = random_layer(r, x.ndim)
    wanted = x.dtype.is_floating_point and r.random() < 0.4
    if wanted:
        x = x.detach().requires_grad_()
    mode = r.choice(["train", "train", "eval", "set", "set", "set"])
    if mode == "eval":
        layer.eval()
    k = None
    if mode == "set":
        k = r.choice([0, 1, 1, 2, 2, 3, 5, 16, 100, -1, 1.5])
        layer.set_k(k)
    if r.random() < 0.3 and r.random() < 0.9:
        layer.set_p(r.random())
    before = x.detach().clone()
    y = layer(x)
    if mode == "eval" or (mode == "train" and layer.p == 0):
        assert y is x
        return
    dim = layer.dropout_dim % x.ndim
    if mode == "set":
        assert torch.equal(y, reference(before, k, dim))
    elif x.numel():
        check_drawn(layer, x, before, y.detach())
    assert y.dtype is before.dtype and y.shape == before.shape
    if wanted and y.requires_grad:
        (g,) = torch.autograd.grad(y.sum(), x)
        assert torch.equal(g != 0, (y != 0) | ((before == 0) & (g != 0)))


@pytest.mark.parametrize("part", range(PARTS))
def test_random_combinations(part):
    good = refused = 0
    for case in range(part, CASES, PARTS):
        r = random.Random(case)
        torch.manual_seed(case)
        try:
            one_case(r)
            good += 1
        except AssertionError as error:
            raise AssertionError(f"case {case}") from error
        except ERRORS as error:
            assert str(error), case
            refused += 1
    assert good > CASES / PARTS / 4 and refused > CASES / PARTS / 20
