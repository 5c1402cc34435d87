# SPDX-License-Identifier: MIT
"""Every way in which torch differentiates, transforms, lays out and recomputes."""

import pytest
import torch
import torch.autograd.forward_ad as forward_ad
from taildropout import TailDropout, TailMLP
from taildropout.apply import Dims, run_kernel, tail
from torch import nn
from torch.utils.checkpoint import checkpoint

SIZES = [(6, 8), (80, 90)]  # by plain torch where gradients are wanted, by the kernel


def with_k(k, **make):
    layer = TailDropout(**make)
    layer.set_k(k)
    return layer


# --- orders and directions ---


@pytest.mark.parametrize("size", SIZES)
def test_double_backward(size):
    x = torch.randn(size, requires_grad=True)
    layer = TailDropout()
    y = layer(x)
    mask = (y != 0).float()
    (g,) = torch.autograd.grad((y**3).sum(), x, create_graph=True)
    assert torch.allclose(g, 3 * x**2 * mask)
    (gg,) = torch.autograd.grad(g.sum(), x)
    assert torch.allclose(gg, 6 * x * mask)


def test_gradcheck_of_every_order():
    keep = torch.tensor([[0], [3], [1], [5], [2], [4]], dtype=torch.int32)
    x = torch.randn(6, 5, dtype=torch.float64, requires_grad=True)
    for choice in (keep, 3):

        def function(x, choice=choice):
            return tail(x, choice, Dims((0,), 1))

        assert torch.autograd.gradcheck(
            function,
            x,
            check_forward_ad=True,
            check_batched_grad=True,
            check_batched_forward_grad=True,
        )
        assert torch.autograd.gradgradcheck(function, x, check_fwd_over_rev=True)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("wanted", [True, False])
def test_forward_mode(size, wanted):
    x, tangent = torch.randn(size), torch.randn(size)
    x.requires_grad_(wanted)
    layer = TailDropout()
    with forward_ad.dual_level():
        y = layer(forward_ad.make_dual(x, tangent))
        value, direction = forward_ad.unpack_dual(y)
        mask = value.detach() != 0
        assert torch.equal(direction, torch.where(mask, tangent, torch.zeros(())))
        y = with_k(2)(forward_ad.make_dual(x, tangent))
        assert torch.equal(forward_ad.unpack_dual(y).tangent[:, :2], tangent[:, :2])
        assert not forward_ad.unpack_dual(y).tangent[:, 2:].any()


@pytest.mark.parametrize("size", SIZES)
def test_functional_grad_and_jvp(size):
    x = torch.randn(size)
    layer = TailDropout()
    torch.manual_seed(0)
    mask = (layer(x) != 0).float()
    torch.manual_seed(0)
    assert torch.equal(torch.func.grad(lambda x: layer(x).sum())(x), mask)
    torch.manual_seed(0)
    _y, t = torch.func.jvp(layer, (x,), (torch.ones_like(x),))
    assert torch.equal(t, mask)
    layer = with_k(2)
    g = torch.func.grad(lambda x: layer(x).sum())
    assert torch.equal(g(x)[:, :2], torch.ones(size[0], 2)) and not g(x)[:, 2:].any()


@pytest.mark.parametrize("size", SIZES)
def test_vmap(size):
    x = torch.rand(5, *size) + 1
    for randomness in ("different", "same"):
        y = torch.func.vmap(TailDropout(), randomness=randomness)(x)
        assert ((y != 0).float().diff(dim=-1) <= 0).all()
        kept = (y != 0).sum(-1)
        assert (kept == kept[:1]).all() == (randomness == "same")
    with pytest.raises(RuntimeError, match="random"):
        torch.func.vmap(TailDropout())(x)
    y = torch.func.vmap(with_k(3))(x)
    assert torch.equal(y[..., :3], x[..., :3]) and not y[..., 3:].any()
    per_sample = torch.func.vmap(torch.func.grad(lambda x: with_k(3)(x).sum()))(x)
    assert per_sample[..., :3].all() and not per_sample[..., 3:].any()


def test_batched_gradients_through_the_kernel():
    x = torch.randn(80, 90, requires_grad=True)
    y = TailDropout()(x)
    mask = (y != 0).float()
    directions = torch.randn(4, 80, 90)
    (g,) = torch.autograd.grad(y, x, directions, is_grads_batched=True)
    assert torch.equal(g, directions * mask)


def test_gradients_of_sums_and_of_nothing():
    x = torch.randn(80, 90, requires_grad=True)
    y = TailDropout()(x)
    y.sum().backward()
    assert torch.equal(x.grad, (y != 0).float())
    y = TailDropout()(x)
    assert torch.autograd.grad(y[:0].sum(), x)[0].abs().sum() == 0


# --- layouts ---


def layouts():
    base = torch.randn(6, 12, 10, 8)
    yield "channels last", base.contiguous(memory_format=torch.channels_last)
    yield "transposed", base.transpose(1, 3)
    yield "permuted", base.permute(3, 1, 0, 2)
    yield "strided", torch.randn(12, 24, 10, 8)[::2, ::2]
    yield "sliced", torch.randn(6, 12, 10, 16)[..., 3:11]
    yield "expanded", torch.randn(6, 12, 1, 1).expand(6, 12, 10, 8)
    yield "offset", torch.randn(7, 12, 10, 8)[1:]
    yield "rows apart", torch.randn(6, 12, 10, 9)[..., :8]


@pytest.mark.parametrize("name, x", list(layouts()), ids=lambda v: v if isinstance(v, str) else "")
@pytest.mark.parametrize("dims", [(0, 1), (0, -1), ([0, 2], 1), ([3, 1], 0), (2, 3)])
@pytest.mark.parametrize("wanted", [False, True])
def test_strides_are_kept(name, x, dims, wanted):
    x = x.detach().clone() if name == "channels last" else x.detach()
    x.requires_grad_(wanted)
    layer = TailDropout(0.5, *dims)
    torch.manual_seed(0)
    y = layer(x)
    torch.manual_seed(0)
    expected = layer(x.detach().contiguous())
    assert torch.equal(y, expected)
    if name != "expanded":
        assert y.stride() == (x * 1).stride()
    if wanted:
        g = torch.randn(x.shape)
        (found,) = torch.autograd.grad(y, x, g)
        mask = expected != 0
        assert torch.equal(found[x != 0], (g * mask)[x != 0])


@pytest.mark.parametrize("shape", [(0, 5), (4, 0), (0, 0), (3, 0, 4), (3, 4, 0), (0, 3, 4)])
def test_zero_sizes(shape):
    x = torch.ones(shape, requires_grad=True)
    for layer in (TailDropout(), TailDropout(1), with_k(0)):
        y = layer(x)
        assert y.shape == x.shape
        y.sum().backward()
        assert x.grad.shape == x.shape
    assert TailDropout(law="uniform")(torch.ones(0, 5)).shape == (0, 5)


def test_many_dims():
    x = torch.randn(2, 1, 2, 1, 2, 1, 2, 1, 2, 7)
    layer = TailDropout(batch_dim=[0, 4])
    kept = (layer(x) != 0).sum(-1)
    assert kept.shape == x.shape[:-1]
    assert with_k(3)(x)[..., 3:].any().item() is False


def test_large_tensors_use_threads():
    x = torch.randn(2000, 1500)
    keep = torch.randint(0, 1501, (2000, 1), dtype=torch.int32)
    expected = torch.where(torch.arange(1500) < keep, x, torch.zeros(()))
    assert torch.equal(tail(x, keep, Dims((0,), 1)), expected)
    images = torch.randn(64, 32, 40, 40).contiguous(memory_format=torch.channels_last)
    keep = torch.randint(0, 33, (64, 1, 1, 1), dtype=torch.int32)
    expected = torch.where(torch.arange(32).view(1, -1, 1, 1) < keep, images, torch.zeros(()))
    assert torch.equal(tail(images, keep, Dims((0,), 1)), expected)


def test_the_kernel_checks_k():
    from taildropout.apply import plan_for

    x = torch.randn(4, 300)
    plan = plan_for(x, (0,), -1, True)
    for bad in (-1, 301):
        keep = torch.tensor([[1], [2], [bad], [3]], dtype=torch.int32)
        with pytest.raises(ValueError, match="300"):
            run_kernel(x, plan, keep)


# --- in place ---


@pytest.mark.parametrize("size", SIZES)
def test_inplace(size):
    x = torch.rand(size) + 1
    y = TailDropout(inplace=True)(x)
    assert y is x and (x == 0).any()
    leaf = torch.rand(size, requires_grad=True)
    inner = leaf * 2
    version = inner._version
    y = TailDropout(inplace=True)(inner)
    assert y is inner and inner._version > version
    y.sum().backward()
    assert torch.equal(leaf.grad, 2 * (y != 0).float())
    with pytest.raises(RuntimeError, match="in-place"):
        TailDropout(inplace=True)(leaf)
    inner = leaf.exp()  # whose result its own backward needs
    TailDropout(inplace=True)(inner)
    with pytest.raises(RuntimeError, match="modified by an inplace"):
        inner.sum().backward()


def test_inplace_refuses_shared_memory():
    for size in SIZES:
        with pytest.raises(RuntimeError, match="share memory"):
            TailDropout(inplace=True)(torch.ones(size[0], 1).expand(size))


def test_inplace_on_views_and_in_forward_mode():
    base = torch.ones(80, 90)
    with_k(4, inplace=True)(base[10:])
    assert base[:10].all() and not base[10:, 4:].any()
    x, tangent = torch.ones(80, 90), torch.ones(80, 90)
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x, tangent)
        with_k(4, inplace=True)(dual)
        assert not forward_ad.unpack_dual(dual).tangent[:, 4:].any()


def test_inplace_in_evaluation_touches_nothing():
    x = torch.ones(4, 5)
    assert TailDropout(inplace=True).eval()(x) is x and x.all()


# --- recomputing and autocast ---


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("reentrant", [False, True])
def test_activation_checkpointing(size, reentrant):
    linear, layer = torch.nn.Linear(size[1], size[1]), TailDropout()
    x = torch.randn(size, requires_grad=True)

    def block(x):
        return layer(torch.tanh(linear(x))) ** 2

    torch.manual_seed(0)
    block(x).sum().backward()
    expected = x.grad.clone()
    x.grad = None
    torch.manual_seed(0)
    checkpoint(block, x, use_reentrant=reentrant).sum().backward()
    assert torch.allclose(x.grad, expected)


@pytest.mark.parametrize("reentrant", [False, True])
def test_a_generator_is_refused_under_checkpointing(reentrant):
    layer = TailDropout(generator=torch.Generator())
    x = torch.randn(80, 90, requires_grad=True)
    with pytest.raises(RuntimeError, match="generator"):
        checkpoint(layer, x, use_reentrant=reentrant).sum().backward()
    layer(x)


def test_autocast():
    linear, layer = torch.nn.Linear(90, 90), TailDropout()
    x = torch.randn(80, 90)
    torch.manual_seed(0)
    mask = layer(torch.ones(80, 90)) != 0
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.manual_seed(0)
        y = layer(linear(x))
        assert y.dtype is torch.bfloat16
    assert not y[~mask].any() and (y[mask] != 0).all()
    y.float().sum().backward()
    assert linear.weight.grad.dtype is torch.float32


def test_traced_by_jit_and_fx():
    layer = with_k(3)
    x = torch.randn(80, 90)
    traced = torch.jit.trace(layer, x)
    assert torch.equal(traced(x), layer(x))
    graph = torch.fx.experimental.proxy_tensor.make_fx(layer)(x)
    assert torch.equal(graph(x), layer(x))


def test_a_call_is_one_node_for_fx():
    tail, mlp = TailDropout(), TailMLP(4, 8, 2)
    model = nn.Sequential(nn.Linear(3, 4), tail, mlp)
    traced = torch.fx.symbolic_trace(model)
    called = [node.target for node in traced.graph.nodes if node.op == "call_module"]
    assert called == ["0", "1", "2"]
    x = torch.randn(50, 3)
    outputs = []
    for module in (model, traced):
        torch.manual_seed(0)
        outputs.append(module(x))
    assert torch.equal(*outputs)
    traced.eval()
    model.eval()
    for k in (None, 2):
        tail.set_k(k)
        assert torch.equal(traced(x), model(x))
    with pytest.raises(TypeError, match="by itself"):
        torch.fx.symbolic_trace(tail)


def test_backward_from_another_thread():
    from threading import Thread

    x = torch.randn(800, 900, requires_grad=True)
    y = TailDropout()(x)
    thread = Thread(target=lambda: y.sum().backward())
    thread.start()
    thread.join()
    assert torch.equal(x.grad, (y != 0).float())
