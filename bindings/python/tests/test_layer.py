# SPDX-License-Identifier: MIT
"""Modes, k, p, dims, laws, and what a module owes to the rest of torch."""

import copy
import io
import math
import pickle
import warnings

import numpy as np
import pytest
import torch
from taildropout import TailDropout
from taildropout.laws import probabilities
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

# --- modes and k ---


def test_evaluation_and_p_0_return_the_input():
    x = torch.randn(4, 5)
    assert TailDropout().eval()(x) is x
    assert TailDropout(0)(x) is x


@pytest.mark.parametrize("shape", [(4, 5), (2000, 300)])
def test_p_1_gives_zeros_in_the_graph(shape):
    x = torch.randn(shape, requires_grad=True)
    y = TailDropout(1)(x)
    assert not y.any() and y.requires_grad
    y.sum().backward()
    assert not x.grad.any()


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("second", ["train", "eval", "parent train", "parent eval"])
def test_train_and_eval_clear_k_with_one_warning(first, second):
    layer = TailDropout()
    parent = nn.Sequential(layer)
    parent.train(first)
    layer.set_k(3)
    method = getattr(parent if "parent" in second else layer, second.split()[-1])
    with pytest.warns(UserWarning, match=r"train\(\) and eval\(\) clear the k = 3") as caught:
        method()
    assert len(caught) == 1
    assert layer.k.item() == -1 and layer.training is ("train" in second)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        method()


def test_set_k():
    layer = TailDropout()
    x = torch.ones(3, 5)
    for k in (0, 1, 5, np.int64(2), torch.tensor(4)):
        layer.set_k(k)
        assert layer(x).sum() == 3 * int(k)
        assert layer.k.item() == int(k)
    assert layer(x) is not x
    layer.set_k(None)
    assert layer.k.item() == -1
    layer.eval()
    assert layer(x) is x


def test_bad_k():
    layer = TailDropout()
    for k, error in ((-1, ValueError), (2**63, ValueError), (1.5, TypeError), ("3", TypeError)):
        with pytest.raises(error, match=str(k)):
            layer.set_k(k)
    layer.set_k(6)
    with pytest.raises(ValueError, match=r"6.* 5 "):
        layer(torch.ones(3, 5))


def test_bad_p():
    for p, error in (
        (-0.1, ValueError),
        (1.5, ValueError),
        (math.nan, ValueError),
        ("x", TypeError),
    ):
        with pytest.raises(error, match=str(p)):
            TailDropout(p)
        layer = TailDropout(0.5)
        with pytest.raises(error, match=str(p)):
            layer.set_p(p)
        assert layer.p == 0.5


def test_set_p_takes_effect():
    layer = TailDropout(0.9)
    x = torch.ones(5000, 40)
    for p in (0.9, 0.2, 0.5):
        layer.set_p(p)
        assert (1 - layer(x).mean()).item() == pytest.approx(p, abs=0.05)


def test_what_is_assigned_takes_effect():
    layer = TailDropout()
    layer.p = 0.2
    x = torch.ones(5000, 40)
    assert (1 - layer(x).mean()).item() == pytest.approx(0.2, abs=0.05)
    layer.k_min = 39
    assert layer(x).sum(1).unique().tolist() == [39, 40]
    layer.k_min = 0
    layer.law = [1.0, *[0.0] * 39, 1.0]
    assert layer(x).sum(1).unique().tolist() == [0, 40]
    layer.law = "uniform"
    assert layer(x).sum(1).unique().numel() == 41
    layer.batch_dim, layer.dropout_dim = 1, 0
    y = layer(torch.ones(40, 300))
    assert (y.diff(dim=0) <= 0).all() and y.sum(0).unique().numel() > 20
    assert "batch_dim=1, dropout_dim=0, law=uniform" in repr(layer)
    layer.dropout_dim = 1
    with pytest.raises(ValueError, match="overlap"):
        layer(x)
    for name, value, error in (
        ("p", 2, ValueError),
        ("k_min", -1, ValueError),
        ("law", "unifrom", ValueError),
        ("dropout_dim", "x", TypeError),
        ("batch_dim", [0.5], TypeError),
    ):
        with pytest.raises(error):
            setattr(layer, name, value)


def test_inplace_as_nn_dropout_takes_it_is_refused():
    for arguments in ((0.5, True), (0.5, False), (0.5, 0, True)):
        with pytest.raises(TypeError, match="inplace=True"):
            TailDropout(*arguments)


def test_tables_do_not_pile_up():
    layer = TailDropout()
    for n in range(1, 1000):
        layer(torch.ones(3, n))
    assert len(layer._tables) <= 256


def test_strides_of_small_inputs_with_gradients():
    x = torch.randn(6, 5, 4).permute(2, 1, 0).requires_grad_()
    y = TailDropout(batch_dim=1, dropout_dim=0)(x)
    assert y.stride() == x.stride()


def test_repr():
    layer = TailDropout(0.25, [0, 1], 2)
    assert repr(layer) == "TailDropout(p=0.25, batch_dim=[0, 1], dropout_dim=2)"
    layer.set_k(3)
    assert "k=3" in repr(layer)
    assert "p=" not in repr(TailDropout(law="uniform"))
    assert "p=0," in repr(TailDropout(0, law="uniform"))
    assert "p=0.2," in repr(TailDropout(0.2, law="exponential"))
    text = repr(TailDropout(law="geometric:0.1", k_min=2, stratified=True, inplace=True))
    assert "law=geometric:0.1, k_min=2, stratified, inplace" in text


# --- dims ---


@pytest.mark.parametrize("batch_dim, dropout_dim", [(0, 0), ([0, 1], 1), (-1, -1), ((2, -1), -1)])
def test_literally_equal_dims_are_refused_at_construction(batch_dim, dropout_dim):
    with pytest.raises(ValueError, match="overlap"):
        TailDropout(batch_dim=batch_dim, dropout_dim=dropout_dim)


def test_an_overlap_that_shows_late_is_refused_when_drawing():
    layer = TailDropout(batch_dim=1, dropout_dim=-1)
    x = torch.ones(3, 4)
    with pytest.raises(ValueError, match="overlap"):
        layer(x)
    assert layer(torch.ones(3, 4, 5)).shape == (3, 4, 5)
    layer.set_k(2)
    assert layer(x).sum() == 6
    layer.set_k(None)
    layer.eval()
    assert layer(x) is x


def test_a_single_vector_works_with_a_set_k_and_in_evaluation():
    layer = TailDropout()
    x = torch.ones(6)
    with pytest.raises(ValueError, match="overlap"):
        layer(x)
    layer.set_k(2)
    assert layer(x).tolist() == [1, 1, 0, 0, 0, 0]
    layer.set_k(None)
    assert layer.eval()(x) is x


def test_dims_that_are_not_there():
    for layer, x in (
        (TailDropout(batch_dim=3), torch.ones(3, 4)),
        (TailDropout(dropout_dim=2), torch.ones(3, 4)),
        (TailDropout(dropout_dim=-3), torch.ones(3, 4)),
        (TailDropout(), torch.tensor(1.0)),
    ):
        with pytest.raises(IndexError, match="out of range"):
            layer(x)
    layer = TailDropout(dropout_dim=5)
    layer.set_k(1)
    with pytest.raises(IndexError, match="5"):
        layer(torch.ones(3, 4))


def test_input_of_a_wrong_type():
    layer = TailDropout()
    for k in (None, 2):
        layer.set_k(k)
        for value in ([1, 2], np.ones((3, 4)), None):
            with pytest.raises(TypeError, match=f"Tensor, but got {type(value).__name__}"):
                layer(value)


@pytest.mark.parametrize("shape", [(4, 8), (400, 300)])
def test_inplace_tells_autograd(shape):
    layer = TailDropout(inplace=True)
    leaf = torch.ones(shape, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf"):
        layer(leaf)
    assert (leaf == 1).all()
    y = leaf.exp()  # exp needs its result for the gradient
    with torch.no_grad():
        layer(y)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    with torch.inference_mode():
        assert not layer(torch.ones(shape)).all()


def test_k_min_out_of_range():
    for k_min in (-1, 2**31, 2**40):
        with pytest.raises(ValueError, match=f"k_min.*{k_min}"):
            TailDropout(k_min=k_min)
    with pytest.raises(TypeError, match="law"):
        TailDropout(law=3)


def test_dims_of_a_wrong_type():
    for make in (dict(batch_dim="x"), dict(batch_dim=0.5), dict(dropout_dim=None)):
        with pytest.raises(TypeError, match=next(iter(make))):
            TailDropout(**make)


def test_no_batch_dim_and_repeated_ones():
    x = torch.ones(50, 20)
    y = TailDropout(batch_dim=[])(x)
    assert (y == y[:1]).all()
    y = TailDropout(batch_dim=[0, 0, -2])(x)
    assert not (y == y[:1]).all()


# --- laws ---


@pytest.mark.parametrize("few", [True, False])
@pytest.mark.parametrize(
    "law, k_min",
    [
        ("exponential", 0),
        ("exponential", 2),
        ("original", 3),
        ("geometric:0.2", 1),
        ("mixed:0.15", 0),
        ("uniform", 0),
        ("log-uniform", 0),
        ("pow2", 0),
        ([0, 1, 0, 2, 0, 0, 3], 0),
    ],
)
def test_laws(law, k_min, few):
    n, rows = 6, 200_000
    layer = TailDropout(0.4, law=law, k_min=k_min, batch_dim=[0, 1])
    torch.manual_seed(0)
    x = torch.ones(rows // 100, 100, n)
    if few:  # by plain torch
        x = torch.cat([layer(part.requires_grad_()).detach() for part in x[:1000].split(1)])
        rows = 100_000
    else:
        x = layer(x)
    k = x.sum(-1).flatten().long()
    found = torch.bincount(k, minlength=n + 1).double() / rows
    expected = torch.tensor(probabilities(law, n, 0.4, k_min), dtype=torch.float64)
    torch.testing.assert_close(found, expected, atol=0.006, rtol=0)
    assert not found[expected == 0].any()


def test_bad_laws():
    for law in (
        "exponentiel",
        "geometric",
        "geometric:2",
        "geometric:x",
        "uniform:1",
        "mixed",
        "table",
        "",
    ):
        with pytest.raises(ValueError, match="law"):
            TailDropout(law=law)
    for law in ([], [1], [0, 0], [1, -1], [1, math.nan], [1, math.inf]):
        with pytest.raises(ValueError, match="weights"):
            TailDropout(law=law)
    with pytest.raises(TypeError):
        TailDropout(law=3)
    with pytest.raises(ValueError, match="-1"):
        TailDropout(k_min=-1)
    for layer in (TailDropout(law=[1, 2, 3]), TailDropout(0.9, law="exponential", k_min=4)):
        with pytest.raises(ValueError, match="n = 5"):
            layer(torch.ones(3, 5))


def test_stratified():
    layer = TailDropout(law="uniform", stratified=True)
    torch.manual_seed(0)
    k = layer(torch.ones(70, 6)).sum(1)
    assert torch.bincount(k.long(), minlength=7).tolist() == [10] * 7
    again = layer(torch.ones(70, 6)).sum(1)
    assert not torch.equal(k, again)


# --- state ---


def test_state_dict():
    layer = TailDropout()
    assert list(layer.state_dict()) == ["k"]
    assert layer.k.dtype is torch.int64 and layer.k.item() == -1
    other = TailDropout(0.1)
    other.set_k(7)
    layer.load_state_dict(other.state_dict(), strict=True)
    assert layer.k.item() == 7
    x = torch.ones(300, 9)
    assert layer(x).sum(1).unique().numel() > 2  # still drawing: loading does not switch the mode
    assert layer.eval()(x) is x
    other.load_state_dict(TailDropout().state_dict(), strict=True)
    with pytest.raises(RuntimeError, match="set_k"):
        other(x)
    other.set_k(2)
    layer.load_state_dict({"k": torch.tensor([5])})  # one number with a dim
    assert layer.k.item() == 5


def test_a_loaded_k_counts_where_k_is_set():
    layer, other = TailDropout(), TailDropout()
    layer.set_k(2)
    other.set_k(4)
    layer.load_state_dict(other.state_dict())
    assert layer(torch.ones(1, 6)).sum() == 4


def test_state_dict_of_dropout_loads():
    old = nn.Sequential(nn.Linear(3, 4), nn.Dropout(), nn.Linear(4, 2))
    new = nn.Sequential(nn.Linear(3, 4), TailDropout(), nn.Linear(4, 2))
    assert new.load_state_dict(old.state_dict(), strict=True).missing_keys == []


def test_torch_save_with_weights_only(tmp_path):
    model = nn.Sequential(nn.Linear(3, 4), TailDropout())
    model[1].set_k(2)
    torch.save(model.state_dict(), tmp_path / "state.pt")
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    other = nn.Sequential(nn.Linear(3, 4), TailDropout())
    other.load_state_dict(state, strict=True)
    assert other[1].k.item() == 2


@pytest.mark.parametrize(
    "make",
    [dict(), dict(law="pow2", stratified=True), dict(generator=torch.Generator().manual_seed(3))],
)
def test_copies(make):
    x = torch.ones(400, 50)
    layer = TailDropout(0.3, **make)
    layer(x)  # fills the caches
    layer.set_k(4)
    buffer = io.BytesIO()
    torch.save(layer, buffer)
    buffer.seek(0)
    for other in (
        copy.deepcopy(layer),
        copy.copy(layer),
        pickle.loads(pickle.dumps(layer)),
        torch.load(buffer, weights_only=False),
    ):
        assert repr(other) == repr(layer)
        assert torch.equal(other(x), layer(x))
        assert other.k.item() == 4
    copied = copy.deepcopy(layer)
    copied.set_k(None)
    assert layer.k.item() == 4
    torch.manual_seed(0)
    expected = copied(x)
    layer.set_k(None)
    torch.manual_seed(0)
    assert torch.equal(layer(x), expected)


# --- caches and strange tensors ---


@pytest.mark.parametrize("shape", [(16, 8), (400, 300)])
def test_inference_mode_does_not_poison_training(shape):
    with torch.inference_mode():
        layer = TailDropout(law="exponential")
        y = layer(torch.ones(shape))
        assert y.is_inference()
        layer.set_k(3)
        layer(torch.ones(shape))
    layer.set_k(None)
    x = torch.ones(shape, requires_grad=True)
    y = layer(x)
    y.sum().backward()
    assert torch.equal(x.grad, y)
    x = torch.ones(shape, requires_grad=True)
    (layer(x) * 2).sum().backward()


def test_fake_tensors_do_not_poison_the_caches():
    layer = TailDropout()
    with FakeTensorMode() as mode:
        fake = mode.from_tensor(torch.ones(400, 300))
        y = layer(fake)
        assert y.shape == (400, 300) and type(y) is type(fake)
        layer(torch.ones(400, 300))
    torch.manual_seed(0)
    expected = TailDropout()(torch.ones(400, 300))
    torch.manual_seed(0)
    assert torch.equal(layer(torch.ones(400, 300)), expected)


def test_meta_tensors():
    layer = TailDropout()
    x = torch.ones(400, 300, device="meta", requires_grad=True)
    y = layer(x)
    assert y.is_meta and y.shape == x.shape
    layer.set_k(3)
    assert layer(x).is_meta
    with torch.device("meta"):
        late = TailDropout()
    assert late.k.is_meta
    late.set_k(2)
    assert late(torch.ones(3, 4)).sum() == 6
    late.to_empty(device="cpu")
    late.reset_parameters()
    assert late.k.item() == -1
    assert late(torch.ones(50, 4)).sum() < 200


def test_a_default_device_changes_nothing():
    layer = TailDropout()
    with torch.device("meta"):
        y = layer(torch.ones(400, 300, device="cpu"))
    assert y.device.type == "cpu" and 0 < y.mean() < 1


def test_subclasses_keep_their_type():
    class Mine(torch.Tensor):
        pass

    x = torch.ones(400, 300).as_subclass(Mine)
    assert type(TailDropout()(x)) is Mine


def test_conjugate_and_negative_views():
    z = torch.randn(300, 200, dtype=torch.complex64)
    layer = TailDropout()
    layer.set_k(5)
    for x in (z.conj(), z.conj().imag, z):
        expected = x.clone()
        expected[:, 5:] = 0
        assert torch.equal(layer(x), expected)


@pytest.mark.parametrize(
    "dtype",
    [
        torch.bool,
        torch.uint8,
        torch.int8,
        torch.int16,
        torch.int32,
        torch.int64,
        torch.float16,
        torch.bfloat16,
        torch.float32,
        torch.float64,
        torch.complex64,
        torch.complex128,
    ],
)
@pytest.mark.parametrize("shape", [(7, 5), (300, 400)])
def test_types(dtype, shape):
    x = torch.ones(shape, dtype=dtype)
    y = TailDropout()(x)
    assert y.dtype is dtype
    kept = (y != 0).sum(1)
    expected = torch.arange(shape[1]) < kept[:, None]
    assert torch.equal(y != 0, expected)


def test_a_generator_of_its_own():
    x = torch.ones(500, 40)
    layer = TailDropout(generator=torch.Generator().manual_seed(5))
    state = torch.get_rng_state()
    first = layer(x)
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(5)
    assert torch.equal(TailDropout()(x), first)
    with pytest.raises(TypeError, match="generator"):
        TailDropout(generator=3)


def test_threads_at_once():
    """Layers are used by several threads; plans belong to one thread each."""
    from concurrent.futures import ThreadPoolExecutor

    layer = TailDropout()
    layer.set_k(100)
    x = torch.randn(300, 400)
    expected = x.clone()
    expected[:, 100:] = 0
    with ThreadPoolExecutor(4) as pool:
        for y in pool.map(lambda _: layer(x), range(200)):
            assert torch.equal(y, expected)
