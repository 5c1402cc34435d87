# SPDX-License-Identifier: MIT
"""load, save and OrderedAutoencoder, against the program where there is one."""

import json
import pickle
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from taildropout import OrderedAutoencoder, choose_k, load, prune, save
from taildropout.estimator import NotFittedError, find_program
from taildropout.file_format import ModelFileError, parse, serialise

try:
    PROGRAM = find_program()
except RuntimeError:
    PROGRAM = None
needs_program = pytest.mark.skipif(PROGRAM is None, reason="TAILDROPOUT_PROGRAM names no program")


def program(*arguments):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def table(rows=400, columns=12, seed=0):
    g = np.random.default_rng(seed)
    return (g.normal(size=(rows, 3)) @ g.normal(size=(3, columns)) * 5 + 2).astype(np.float32)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    np.save(folder / "data.npy", table())
    np.save(folder / "bytes.npy", np.clip(table() * 10 + 100, 0, 255).astype(np.uint8))
    if PROGRAM:
        for name, more in (
            ("standard", ()),
            ("minmax", ("--scale", "minmax", "--law", "original")),
            ("none", ("--scale", "none", "--arch", "20-[6]-20")),
        ):
            program(
                *("fit", folder / "data.npy", "-o", folder / f"{name}.safetensors", "--features", 6)
                if name != "none"
                else ("fit", folder / "data.npy", "-o", folder / f"{name}.safetensors"),
                *("--epochs", 2, *more),
            )
        program("fit", folder / "bytes.npy", "-o", folder / "byte.safetensors", "--epochs", 2)
    return folder


@needs_program
@pytest.mark.parametrize("name", ["standard", "minmax", "none", "byte"])
def test_the_same_outputs(files, name):
    path = files / f"{name}.safetensors"
    data = files / ("bytes.npy" if name == "byte" else "data.npy")
    model = load(path)
    x = torch.from_numpy(np.load(data)).float()
    for k in (None, 2):
        chosen = () if k is None else ("-k", k)
        program("predict", path, data, "-o", files / "out.npy", "--force", *chosen)
        program("encode", path, data, "-o", files / "codes.npy", "--force", *chosen)
        tail = model.encoder[-1]
        tail.set_k(k)
        expected = torch.from_numpy(np.load(files / "out.npy"))
        codes = torch.from_numpy(np.load(files / "codes.npy"))
        with torch.no_grad():
            for found, wanted in ((model(x), expected), (model.encode(x, k), codes)):
                assert (found - wanted).abs().max() <= 1e-5 * wanted.abs().max()
            again = model.decode(model.encode(x, k))
            assert (again - expected).abs().max() <= 1e-5 * expected.abs().max()
    with pytest.raises(ValueError, match="99"):
        model.encode(x, 99)
    with pytest.raises(ValueError, match="99"):
        model.decode(torch.zeros(1, 99))


@needs_program
@pytest.mark.parametrize("name", ["standard", "minmax", "none", "byte"])
def test_saving_what_was_loaded_gives_the_same_bytes(files, name, tmp_path):
    path = files / f"{name}.safetensors"
    model = load(path)
    tensors = parse(path.read_bytes(), name)[0]
    assert [n for n, _ in model.named_parameters()] == list(tensors)
    save(model, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()
    with pytest.raises(FileExistsError):
        save(model, tmp_path / "again.safetensors")
    save(model, tmp_path / "again.safetensors", overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["again.safetensors"]


@needs_program
def test_a_pruned_model_goes_back_to_the_program(files, tmp_path):
    model = load(files / "standard.safetensors")
    x = torch.from_numpy(np.load(files / "data.npy"))
    small = prune(model, 2, x)
    save(small, tmp_path / "ours.safetensors")
    program("prune", files / "standard.safetensors", "-k", 2, "-o", tmp_path / "theirs.safetensors")
    ours, theirs = (
        parse((tmp_path / f"{n}.safetensors").read_bytes(), n) for n in ("ours", "theirs")
    )
    assert ours[0].keys() == theirs[0].keys()
    for name in ours[0]:
        np.testing.assert_array_equal(ours[0][name], theirs[0][name])
    assert ours[1]["architecture"] == theirs[1]["architecture"]
    assert ours[1]["pruned_from"] == theirs[1]["pruned_from"] == "6"
    program("predict", tmp_path / "ours.safetensors", files / "data.npy", "-o", tmp_path / "a.npy")
    program(
        "predict", tmp_path / "theirs.safetensors", files / "data.npy", "-o", tmp_path / "b.npy"
    )
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), np.load(tmp_path / "b.npy"))


@needs_program
def test_training_on(files, tmp_path):
    model = load(files / "standard.safetensors").train()
    x = torch.from_numpy(np.load(files / "data.npy"))
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for _ in range(5):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(model(x), x).backward()
        optimizer.step()
    save(model, tmp_path / "on.safetensors")
    program("evaluate", tmp_path / "on.safetensors", files / "data.npy")
    model.decoder[-1].weight.data[0, 0] = float("nan")
    with pytest.raises(ValueError, match="decoder"):
        save(model, tmp_path / "nan.safetensors")
    with pytest.raises(TypeError, match="Linear"):
        save(torch.nn.Linear(3, 3), tmp_path / "x")


def little():
    tensors = {
        "encoder.0.weight": np.ones((2, 3), np.float32),
        "encoder.0.bias": np.zeros(2, np.float32),
        "decoder.0.weight": np.ones((3, 2), np.float32),
        "decoder.0.bias": np.zeros(3, np.float32),
    }
    metadata = {
        "format_version": "1",
        "task": "autoencode",
        "architecture": "3-2-tail-3",
        "law": json.dumps({"name": "exponential", "p": 0.5, "k_min": 0}),
        "seed": "0",
        "training": "{}",
        "scaling": '{"kind":"none"}',
    }
    return tensors, metadata


def test_load_without_the_program(tmp_path):
    path = tmp_path / "m.safetensors"
    path.write_bytes(serialise(*little()))
    model = load(path)
    assert model(torch.ones(1, 3)).tolist() == [[6.0, 6.0, 6.0]]
    assert not model.training and model.n == 2
    from safetensors.numpy import load_file

    assert load_file(path)["encoder.0.weight"].shape == (2, 3)


@pytest.mark.parametrize("law", [
    {"name": "geometric", "p": 0.5, "rate": 0.1, "k_min": 1},
    {"name": "table", "p": 0.5, "rate": 0, "k_min": 0, "weights": [1, 1, 2]},
    {"name": "pow2", "p": 0, "rate": 0, "k_min": 0},
])  # fmt: skip
def test_laws_of_files(tmp_path, law):
    tensors, metadata = little()
    metadata["law"] = json.dumps(law)
    (tmp_path / "m").write_bytes(serialise(tensors, metadata))
    model = load(tmp_path / "m").train()
    assert model(torch.ones(50, 3)).shape == (50, 3)
    assert law["name"] in repr(model)


def test_every_layer_of_an_architecture(tmp_path):
    """Layers without tensors are counted in names; saved again, the file is the same."""
    _, metadata = little()
    metadata["architecture"] = "3-4-gelu-dropout:0.25-2-tanh-tail-5-sigmoid-3"
    shapes = {"encoder.0": (4, 3), "encoder.3": (2, 4), "decoder.0": (5, 2), "decoder.2": (3, 5)}
    tensors = {}
    for name, shape in shapes.items():
        tensors[f"{name}.weight"] = np.ones(shape, np.float32)
        tensors[f"{name}.bias"] = np.ones(shape[0], np.float32)
    (tmp_path / "m").write_bytes(serialise(tensors, metadata))
    model = load(tmp_path / "m")
    kinds = [type(module).__name__ for part in (model.encoder, model.decoder) for module in part]
    known = "Linear GELU Dropout Linear Tanh TailDropout Linear Sigmoid Linear"
    assert " ".join(kinds) == known
    save(model, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "m").read_bytes()


@pytest.mark.parametrize("key, value", [
    ("format_version", "2"), ("task", "regress"), ("architecture", "3-2-3"),
    ("architecture", "3-2-tail-elu-3"), ("architecture", "3-4-tail-3"), ("architecture", "x"),
    ("architecture", "3-2-tail-sigmoid-3"), ("architecture", "3-2-dropout:x-tail-3"),
    ("law", "{}"), ("law", '{"name":"no"}'), ("scaling", '{"kind":"log"}'), ("scaling", "[]"),
    ("scaling", '{"kind":"standard","shift":[1],"unit":[1]}'), ("scaling", None),
])  # fmt: skip
def test_bad_metadata(tmp_path, key, value):
    tensors, metadata = little()
    if value is None:
        del metadata[key]
    else:
        metadata[key] = value
    (tmp_path / "m").write_bytes(serialise(tensors, metadata))
    with pytest.raises(ModelFileError, match="m: "):
        load(tmp_path / "m")


def test_every_torn_and_every_flipped_file_is_refused(tmp_path):
    raw = serialise(*little())
    path = tmp_path / "m"
    for end in range(0, len(raw), 7):
        path.write_bytes(raw[:end])
        with pytest.raises(ModelFileError):
            load(path)
    for at in range(0, len(raw), 3):
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        with pytest.raises(ModelFileError):
            load(path)


# --- the estimator ---


@needs_program
def test_estimator(files, tmp_path):
    X = np.load(files / "data.npy")
    model = OrderedAutoencoder(6, epochs=8, seed=1)
    assert model.fit(X) is model
    assert model.n_features_ == 6 and model.n_features_in_ == 12
    assert model.scree_.loss.shape == (7,) and model.scree_.loss[-1] < model.scree_.loss[0]
    k = model.choose_k("auto")
    assert k == choose_k(model.scree_.loss)
    codes = model.transform(X, k=k)
    assert codes.shape == (400, k)
    again = model.inverse_transform(codes)
    assert again.shape == X.shape
    np.testing.assert_allclose(codes, model.transform(X)[:, :k], rtol=1e-6)
    other = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(other.transform(X), model.transform(X))
    model.save(tmp_path / "m.safetensors")
    assert load(tmp_path / "m.safetensors").n == 6
    with pytest.raises(ValueError, match="taildropout fit"):
        OrderedAutoencoder(6, law="no").fit(X)
    with pytest.raises(ValueError, match="taildropout"):
        OrderedAutoencoder(6).fit(np.full((50, 4), np.nan, np.float32))


def test_estimator_parameters():
    model = OrderedAutoencoder(6, epochs=3)
    assert model.get_params()["epochs"] == 3
    assert repr(model) == "OrderedAutoencoder(n_features=6, epochs=3)"
    model.set_params(epochs=4, p=0.2)
    assert type(model)(**model.get_params()).get_params() == model.get_params()
    with pytest.raises(ValueError, match="epoch"):
        model.set_params(epoch=4)
    with pytest.raises(NotFittedError):
        model.transform(np.ones((3, 4)))
    for bad in (np.ones(3), np.array([["a"]])):
        with pytest.raises(ValueError, match="table"):
            model.fit(bad)


def test_one_clear_error_without_the_program(monkeypatch):
    monkeypatch.setenv("TAILDROPOUT_PROGRAM", "/nowhere/taildropout")
    with pytest.raises(RuntimeError, match="TAILDROPOUT_PROGRAM"):
        OrderedAutoencoder(3).fit(np.ones((10, 4)))
    monkeypatch.delenv("TAILDROPOUT_PROGRAM")
    monkeypatch.setenv("PATH", "/nowhere")
    assert shutil.which("taildropout") is None
    with pytest.raises(RuntimeError, match="scripts/build"):
        OrderedAutoencoder(3).fit(np.ones((10, 4)))


def test_no_torch_is_needed():
    """What needs NumPy alone imports no torch."""
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import taildropout\n"
        "taildropout.OrderedAutoencoder(3); taildropout.choose_k([2.0, 1.0]); taildropout.__version__\n"
        "taildropout.get_scale_param(0.5)\n"
        "try: taildropout.TailDropout\n"
        "except ImportError: print('fine')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "fine", done.stderr


def test_names_of_the_package():
    import taildropout

    for name in taildropout.__all__:
        assert getattr(taildropout, name) is not None
    assert callable(taildropout.scree) and callable(taildropout.prune)
    with pytest.raises(AttributeError, match="nothing"):
        taildropout.nothing  # noqa: B018
