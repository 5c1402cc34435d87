# SPDX-License-Identifier: MIT
"""tail_linear and TailMLP against plain torch with masks."""

import copy
import os
import warnings

import pytest
import torch
import torch.nn.functional as F
from taildropout import TailDropout, TailMLP, tail_linear
from torch import nn
from torch.nn.utils import prune

ROWS, INPUTS, OUTPUTS = 70, 45, 33


def rows(keep, width):
    return (torch.arange(width) < keep[:, None]).float()


def problem(seed=0, n=ROWS, i=INPUTS, o=OUTPUTS):
    g = torch.Generator().manual_seed(seed)
    x, w, b = (torch.randn(s, generator=g) for s in ((n, i), (o, i), (o,)))
    keep_in = torch.randint(0, i + 1, (n,), generator=g)
    keep_out = torch.randint(0, o + 1, (n,), generator=g)
    return x, w, b, keep_in, keep_out


def reference(x, w, b, keep_in, keep_out):
    if keep_in is not None:
        x = x * rows(keep_in, x.shape[1])
    y = F.linear(x, w, b)
    return y if keep_out is None else y * rows(keep_out, y.shape[1])


def close(a, b):
    assert (a - b).abs().max() <= 1e-5 * b.abs().max() + 1e-12


@pytest.mark.parametrize("use_in", [False, True])
@pytest.mark.parametrize("use_out", [False, True])
@pytest.mark.parametrize("use_bias", [False, True])
@pytest.mark.parametrize("size", [(70, 45, 33), (1, 1, 1), (3, 100, 2), (300, 257, 129)])
def test_against_masks(use_in, use_out, use_bias, size):
    x, w, b, keep_in, keep_out = problem(1, *size)
    arguments = (keep_in if use_in else None, keep_out if use_out else None)
    parts = [t.clone().requires_grad_() for t in (x, w, b)]
    others = [t.clone().requires_grad_() for t in (x, w, b)]
    y = tail_linear(parts[0], parts[1], parts[2] if use_bias else None, *arguments)
    z = reference(others[0], others[1], others[2] if use_bias else None, *arguments)
    close(y, z)
    if use_out:
        assert not y[rows(keep_out, y.shape[1]) == 0].any()
    g = torch.randn_like(y)
    y.backward(g)
    z.backward(g)
    for ours, theirs in zip(parts, others, strict=True):
        if theirs.grad is None:
            assert ours.grad is None
        else:
            close(ours.grad, theirs.grad)


def test_opcheck():
    x, w, b, keep_in, keep_out = problem()
    keep_in, keep_out = keep_in.int(), keep_out.int()
    ops = torch.ops.taildropout
    dy = torch.randn(ROWS, OUTPUTS)
    for wanted in (False, True):
        x, w, b, dy = (t.detach().requires_grad_(wanted) for t in (x, w, b, dy))
        for keeps in ((None, None), (keep_in, None), (None, keep_out), (keep_in, keep_out)):
            for bias in (b, None):
                torch.library.opcheck(ops.linear.default, (x, w, bias, *keeps))
            torch.library.opcheck(ops.linear_backward_input.default, (dy, w, *keeps))
            torch.library.opcheck(ops.linear_backward_weights.default, (dy, x, *keeps))
    torch.library.opcheck(ops.law_table.default, ("exponential", 0.0, [], 0.5, 0, 7, False))


def test_ops_refuse_what_does_not_fit():
    """They are registered, so anybody may call them; kernels would read beyond the ends."""
    ops = torch.ops.taildropout
    x, w, b, dy = torch.ones(300, 4), torch.ones(50, 4), torch.ones(50), torch.ones(300, 50)
    short, long = torch.ones(1, dtype=torch.int32), torch.ones(300, dtype=torch.int64)
    for op, arguments in (
        (ops.linear, (x, torch.ones(50, 9), None, None, None)),
        (ops.linear, (x[0], w, None, None, None)),
        (ops.linear, (x, w.double(), None, None, None)),
        (ops.linear, (x, w, b[:1], None, None)),
        (ops.linear, (x, w, b.double(), None, None)),
        (ops.linear_backward_input, (x, w, None, None)),
        (ops.linear_backward_weights, (dy, x[:5], None, None)),
        *((ops.linear, (x, w, b, keep, None)) for keep in (short, long)),
        *((ops.linear_backward_input, (dy, w, None, keep)) for keep in (short, long)),
        *((ops.linear_backward_weights, (dy, x, keep, None)) for keep in (short, long)),
    ):
        with pytest.raises(RuntimeError, match=r"(has|have) to"):
            op(*arguments)


def test_second_order():
    x, w, b, keep_in, keep_out = problem()
    results = []
    for function in (tail_linear, reference):
        parts = [t.clone().requires_grad_() for t in (x, w, b)]
        y = function(*parts, keep_in, keep_out)
        first = torch.autograd.grad((y**3).sum(), parts, create_graph=True)
        total = sum((g**2).sum() for g in first)
        results.append(torch.autograd.grad(total, parts))
    for ours, theirs in zip(*results, strict=True):
        close(ours, theirs)


def test_double_and_bfloat16_go_through_torch():
    x, w, b, keep_in, keep_out = problem()
    y = tail_linear(x.double(), w.double(), b.double(), keep_in, keep_out)
    close(y.float(), reference(x, w, b, keep_in, keep_out))
    y = tail_linear(x.bfloat16(), w.bfloat16(), b.bfloat16(), keep_in, keep_out)
    assert y.dtype is torch.bfloat16
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert tail_linear(x, w, b, keep_in, keep_out).dtype is torch.bfloat16
    x, w, b, keep_in, keep_out = problem(0, 6, 5, 4)
    assert torch.autograd.gradcheck(
        lambda *t: tail_linear(*t, keep_in, keep_out),
        [t.double().requires_grad_() for t in (x, w, b)],
    )


def test_strides_and_leading_dims():
    x, w, b, keep_in, keep_out = problem()
    expected = reference(x, w, b, keep_in, keep_out)
    wide = torch.zeros(ROWS, INPUTS + 3)
    wide[:, :INPUTS] = x
    for left in (x.t().contiguous().t(), wide[:, :INPUTS]):
        for weight in (w, w.t().contiguous().t()):
            close(tail_linear(left, weight, b, keep_in, keep_out), expected)
    y = tail_linear(x.view(7, 10, INPUTS), w, b, keep_in.view(7, 10), keep_out.view(7, 10))
    assert y.shape == (7, 10, OUTPUTS)
    close(y.view(ROWS, OUTPUTS), expected)
    one = tail_linear(x[0], w, b, keep_in[0], keep_out[0])
    close(one, expected[0])


def test_zero_sizes():
    for n, i, o in ((0, 3, 4), (3, 0, 4), (3, 4, 0)):
        x, w, b, keep_in, keep_out = problem(0, n, i, o)
        parts = [t.requires_grad_() for t in (x, w, b)]
        y = tail_linear(*parts, keep_in, keep_out)
        assert y.shape == (n, o)
        y.sum().backward()
        assert all(t.grad.shape == t.shape for t in parts)


INTEGERS = "uint8 int8 int16 uint16 int32 uint32 int64 uint64 bool".split()


@pytest.mark.parametrize("name", INTEGERS)
def test_keeps_of_every_type_of_whole_numbers(name):
    x, w, b, keep_in, _ = problem()
    keep_in = keep_in.clamp(max=1) if name == "bool" else keep_in
    keep = keep_in.to(getattr(torch, name))
    close(tail_linear(x, w, b, keep), reference(x, w, b, keep_in, None))
    if name in ("uint32", "int64", "uint64"):  # not taken for a small number of 32 bits
        with pytest.raises(ValueError, match="k is below 0 or above"):
            tail_linear(x, w, b, torch.full((ROWS,), 2**32 - 1, dtype=keep.dtype))
    if name == "int64":
        with pytest.raises(ValueError, match="k is below 0 or above"):
            tail_linear(x, w, b, torch.full((ROWS,), -(2**40)))


def test_bad_input():
    x, w, b, keep_in, keep_out = problem()
    for keep in (torch.full((ROWS,), INPUTS + 1), torch.full((ROWS,), -1)):
        with pytest.raises(ValueError, match="k is below 0 or above"):
            tail_linear(x, w, b, keep)
    with pytest.raises(ValueError, match="shape"):
        tail_linear(x, w, b, keep_in[:3])
    with pytest.raises(TypeError, match="keep_out"):
        tail_linear(x, w, b, None, keep_out.float())
    with pytest.raises(TypeError, match="keep_in"):
        tail_linear(x, w, b, 3)
    with pytest.raises(ValueError, match="fit"):
        tail_linear(x[:, :3], w, b)
    with pytest.raises(ValueError, match="bias"):
        tail_linear(x, w, b[:3])


def test_compiled():
    x, w, b, keep_in, keep_out = problem()
    torch.compiler.reset()
    function = torch.compile(tail_linear, fullgraph=True)
    parts = [t.clone().requires_grad_() for t in (x, w, b)]
    y = function(*parts, keep_in, keep_out)
    y.sum().backward()
    others = [t.clone().requires_grad_() for t in (x, w, b)]
    z = tail_linear(*others, keep_in, keep_out)
    z.sum().backward()
    assert torch.equal(y, z)
    for ours, theirs in zip(parts, others, strict=True):
        close(ours.grad, theirs.grad)


def test_functional_transforms():
    x, w, b, keep_in, keep_out = problem()
    g = torch.func.grad(lambda w: tail_linear(x, w, b, keep_in, keep_out).sum())(w)
    expected = torch.func.grad(lambda w: reference(x, w, b, keep_in, keep_out).sum())(w)
    close(g, expected)
    y = torch.func.vmap(lambda x: tail_linear(x, w, b, keep_in, keep_out))(x.expand(3, -1, -1))
    close(y[1], reference(x, w, b, keep_in, keep_out))


def test_threads_do_not_change_bits():
    x, w, b, keep_in, keep_out = problem(2, 500, 300, 200)
    threads = torch.get_num_threads()
    results = []
    try:
        for count in (1, 2, 3):
            torch.set_num_threads(count)
            leaf = w.clone().requires_grad_()
            y = tail_linear(x, leaf, b, keep_in, keep_out)
            y.sum().backward()
            results.append((y.detach(), leaf.grad))
    finally:
        torch.set_num_threads(threads)
    for y, g in results[1:]:
        assert torch.equal(y, results[0][0]) and torch.equal(g, results[0][1])


def test_after_fork():
    x, w, b, keep_in, keep_out = problem(2, 500, 300, 200)
    expected = tail_linear(x, w, b, keep_in, keep_out)
    big = torch.ones(2000, 900)
    TailDropout()(big)
    child = os.fork()
    if child == 0:
        found = tail_linear(x, w, b, keep_in, keep_out)
        layer = TailDropout()
        layer.set_k(10)
        cut = layer(big)
        torch.set_num_threads(1)  # torch's own threads do not outlive a fork
        good = torch.equal(found, expected) and not cut[:, 10:].any()
        os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_pool_of_our_own():
    """What torch before 2.10 and forked children use."""
    from taildropout import threads

    x, w, b, keep_in, keep_out = problem(2, 500, 300, 200)
    expected = tail_linear(x, w, b, keep_in, keep_out)
    before, count = threads._borrowed, torch.get_num_threads()
    try:
        threads._borrowed = None
        for number in (2, 3):
            torch.set_num_threads(number)
            assert torch.equal(tail_linear(x, w, b, keep_in, keep_out), expected)
    finally:
        threads._borrowed = before
        torch.set_num_threads(count)


# --- TailMLP ---


def sequential(mlp):
    return nn.Sequential(mlp.producer, mlp.activation, mlp.tail, mlp.consumer)


@pytest.mark.parametrize("activation", ["relu", "gelu", "tanh", "sigmoid", torch.sin])
@pytest.mark.parametrize("shape", [(64, 20), (6, 8, 20)])
def test_mlp_is_the_sequence(activation, shape):
    torch.manual_seed(0)
    mlp = TailMLP(20, 48, 10, activation)
    plain = copy.deepcopy(mlp)
    x = torch.randn(shape)

    def sequence(x):
        return plain.consumer(plain.tail(plain.activation(plain.producer(x))))

    for change in (
        lambda m: m.train(),
        lambda m: m.eval(),
        lambda m: m.tail.set_k(7),
        lambda m: m.tail.set_k(0),
        lambda m: m.train(),
    ):
        change(mlp)
        change(plain)
        outputs, gradients = [], []
        for function, module in ((mlp, mlp), (sequence, plain)):
            torch.manual_seed(3)
            module.zero_grad()
            y = function(x)
            (y**2).sum().backward()
            outputs.append(y)
            gradients.append([p.grad for p in module.parameters()])
        close(*outputs)
        for ours, theirs in zip(*gradients, strict=True):
            close(ours, theirs)


def test_mlp_of_other_batch_dims():
    mlp = TailMLP(20, 48, 10, batch_dim=[0, 1], law="uniform")
    assert mlp(torch.randn(6, 8, 20)).shape == (6, 8, 10)


def test_mlp_names_and_errors():
    mlp = TailMLP(3, 4, 2, bias=False)
    assert list(mlp.state_dict()) == ["producer.weight", "tail.k", "consumer.weight"]
    with pytest.raises(ValueError, match="activation"):
        TailMLP(3, 4, 2, "rely")
    with pytest.raises(TypeError, match="activation"):
        TailMLP(3, 4, 2, 5)
    with pytest.raises(ValueError, match="last dim"):
        TailMLP(3, 4, 2, dropout_dim=1)
    mlp.tail.set_k(5)
    with pytest.raises(ValueError, match=r"5.* 4 "):
        mlp(torch.randn(6, 3))


def normalised(mlp):
    torch.nn.utils.spectral_norm(mlp.producer)


def weight_normed(mlp):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.nn.utils.weight_norm(mlp.consumer)


def masked(mlp):
    prune.l1_unstructured(mlp.producer, "weight", 0.5)


@pytest.mark.parametrize("change", [normalised, weight_normed, masked])
def test_mlp_whose_weights_are_computed_anew(change):
    torch.manual_seed(0)
    mlp = TailMLP(20, 48, 10)
    change(mlp)
    x = torch.randn(64, 20)
    before = {name: p.detach().clone() for name, p in mlp.named_parameters()}
    optimizer = torch.optim.SGD(mlp.parameters(), 0.1)
    for _ in range(2):
        optimizer.zero_grad()
        mlp(x).square().mean().backward()
        optimizer.step()
    assert all(not torch.equal(p, before[name]) for name, p in mlp.named_parameters())
    mlp.eval()
    close(mlp(x), sequential(mlp)(x))


@pytest.mark.parametrize("child", ["producer", "activation", "tail", "consumer"])
def test_hooks_within_an_mlp(child):
    mlp, seen = TailMLP(20, 48, 10), []
    module = mlp.get_submodule(child)
    for register in (module.register_forward_hook, module.register_full_backward_hook):
        register(lambda *_: seen.append(1))
    mlp(torch.randn(64, 20, requires_grad=True)).sum().backward()
    mlp.tail.set_k(3)
    mlp(torch.randn(64, 20))
    assert len(seen) == 3


def test_mlp_with_children_of_another_kind():
    class Scaled(nn.Linear):
        def forward(self, x):
            return 2 * super().forward(x)

    mlp = TailMLP(20, 48, 10)
    mlp.producer = Scaled(20, 48)
    mlp.tail.set_k(5)
    x = torch.randn(64, 20)
    close(mlp(x), sequential(mlp)(x))


def test_mlp_with_a_slope_for_each_feature():
    mlp = TailMLP(20, 48, 10, nn.PReLU(48))
    nn.init.uniform_(mlp.activation.weight)
    x = torch.randn(64, 20)
    for k in (0, 5, 48):
        mlp.tail.set_k(k)
        close(mlp(x), sequential(mlp)(x))


def test_mlp_compiled_without_graph_break():
    torch.compiler.reset()
    mlp = TailMLP(20, 48, 10)
    function = torch.compile(mlp, fullgraph=True, backend="aot_eager")
    x = torch.randn(64, 20)
    function(x).sum().backward()
    assert mlp.producer.weight.grad.abs().sum() > 0
    for k in (0, 5, 48):
        mlp.tail.set_k(k)
        close(function(x), mlp(x))
