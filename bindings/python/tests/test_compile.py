# SPDX-License-Identifier: MIT
"""Under torch.compile: one graph a mode, k in the buffer, draws as the compiled original has them."""

import pytest
import torch
from original import Original
from taildropout import TailDropout
from torch._dynamo.testing import CompileCounterWithBackend

LAWS = [
    "original",
    "exponential",
    "geometric:0.1",
    "uniform",
    "log-uniform",
    "pow2",
    "mixed:0.15",
    [1.0] * 17,
]


@pytest.fixture(autouse=True)
def fresh():
    torch.compiler.reset()
    yield
    torch.compiler.reset()


def compiled(layer):
    counter = CompileCounterWithBackend("aot_eager")
    return torch.compile(layer, backend=counter, fullgraph=True), counter


@pytest.mark.parametrize("law", LAWS)
def test_set_k_does_not_recompile(law):
    layer = TailDropout(law=law)
    function, counter = compiled(layer)
    x = torch.randn(10, 5, 16)
    for k in range(17):
        layer.set_k(k)
        expected = x.clone()
        expected[..., k:] = 0
        assert torch.equal(function(x), expected)
    assert len(counter.graphs) == 1


def sequence(layer):
    """Graphs made after each of many changes of mode."""
    function, counter = compiled(layer)
    x = torch.randn(10, 5, 16)
    wanted = x.clone().requires_grad_()
    made = []
    for _ in range(3):
        for inputs in (x, wanted):
            for change in (
                layer.train,
                lambda: layer.set_k(2),
                layer.eval,
                lambda: layer.set_k(16),
                lambda: layer.set_k(None),
                layer.train,
                lambda: layer.set_k(0),
            ):
                change()
                y = function(inputs)
                if y.requires_grad and y is not inputs:
                    y.sum().backward()
                made.append(len(counter.graphs))
    return made


def test_no_more_graphs_than_the_original():
    theirs = sequence(Original())
    torch.compiler.reset()
    ours = sequence(TailDropout())
    assert all(a <= b for a, b in zip(ours, theirs, strict=True)), (ours, theirs)


def test_k_above_n_is_clamped():
    layer = TailDropout()
    function, _ = compiled(layer)
    x = torch.randn(4, 6)
    layer.set_k(7)
    assert torch.equal(function(x), x)
    with pytest.raises(ValueError, match="7"):
        layer(x)


def test_evaluation_p_0_and_p_1():
    x = torch.randn(4, 6, requires_grad=True)
    function, _ = compiled(TailDropout(0))
    assert torch.equal(function(x), x)
    function, _ = compiled(TailDropout().eval())
    assert torch.equal(function(x), x)
    function, _ = compiled(TailDropout(1))
    y = function(x)
    assert not y.any()
    y.sum().backward()
    assert not x.grad.any()


@pytest.mark.parametrize(
    "make, shape",
    [
        (dict(), (6, 5, 33)),
        (dict(batch_dim=[1, 0]), (6, 5, 33)),
        (dict(dropout_dim=1, p=0.2), (6, 5, 33)),
        (dict(p=0.7), (500, 515)),
    ],
)
def test_draws_as_the_compiled_original(make, shape):
    x = torch.rand(shape) + 1
    outputs = []
    with torch._inductor.config.patch(fallback_random=True):
        for layer in (Original(**make), TailDropout(**make)):
            torch.compiler.reset()
            function = torch.compile(layer, fullgraph=True)
            torch.manual_seed(3)
            wanted = x.clone().requires_grad_()
            y = function(wanted)
            y.sum().backward()
            outputs += [y.detach(), wanted.grad]
    assert torch.equal(outputs[0], outputs[2])
    assert torch.equal(outputs[1], outputs[3])


@pytest.mark.parametrize("law", LAWS[1:4])
def test_other_laws_compile_to_their_own_law(law):
    """Inductor's own generator: another sequence, the same law."""
    layer = TailDropout(law=law, batch_dim=[0, 1])
    function = torch.compile(layer, fullgraph=True)
    x = torch.ones(400, 50, 16)
    kept = function(x).sum(-1).mean()
    assert kept.item() == pytest.approx(layer(x).sum(-1).mean().item(), abs=0.2)


def test_symbolic_sizes():
    layer = TailDropout(law="exponential")
    function = torch.compile(layer, dynamic=True, fullgraph=True, backend="aot_eager")
    for n in (5, 9, 33):
        y = function(torch.ones(50, n))
        assert (y.diff(dim=1) <= 0).all()


def test_within_a_network():
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), TailDropout(), torch.nn.Linear(16, 4))
    function = torch.compile(model, fullgraph=True)
    function(torch.randn(32, 8)).sum().backward()
    assert model[0].weight.grad.abs().sum() > 0
    model[1].set_k(3)
    x = torch.randn(32, 8)
    torch.testing.assert_close(function(x), model(x))


def test_inplace_and_stratified():
    layer = TailDropout(inplace=True, stratified=True)
    function, _ = compiled(layer)
    x = torch.ones(64, 9)
    y = function(x)
    assert torch.equal(x, y) and (x.diff(dim=1) <= 0).all() and x.sum() < x.numel()


def test_a_generator_of_its_own():
    make = dict(generator=torch.Generator(), law="uniform")
    with pytest.raises(torch._dynamo.exc.Unsupported, match="without fullgraph=True"):
        torch.compile(TailDropout(**make), fullgraph=True, backend="eager")(torch.ones(4, 5))
    y = torch.compile(TailDropout(**make), backend="eager")(torch.ones(500, 5))
    assert y.sum(1).unique().numel() == 6


def test_export():
    program = torch.export.export(TailDropout().eval(), (torch.ones(3, 4),))
    x = torch.randn(3, 4)
    assert torch.equal(program.module()(x), x)
