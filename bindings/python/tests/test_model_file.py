# SPDX-License-Identifier: MIT
"""load, save and OrderedAutoencoder, against the program where there is one."""

import copy
import csv
import json
import pickle
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from taildropout import OrderedAutoencoder, choose_k, load, prune, save
from taildropout.estimator import _OPTIONS, NotFittedError, _message, find_program
from taildropout.file_format import ModelFileError, parse, serialise
from taildropout.file_layers import WidthBias
from taildropout.model_file import FileModel

try:
    PROGRAM = find_program()
except RuntimeError:
    PROGRAM = None
needs_program = pytest.mark.skipif(PROGRAM is None, reason="TAILDROPOUT_PROGRAM names no program")


def program(*arguments, cwd=None):
    command = [PROGRAM, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0, done.stderr


def table(rows=400, columns=12, seed=0):
    g = np.random.default_rng(seed)
    return (g.normal(size=(rows, 3)) @ g.normal(size=(3, columns)) * 5 + 2).astype(np.float32)


def write_table(path, rows=300):
    """A table with names, numbers, categories, and cells in which nothing stands."""
    g = np.random.default_rng(3)
    numbers, kinds = table(rows, 5).tolist(), g.choice(["red", "green", "blue, dark", ""], rows)
    with open(path, "w") as file:
        file.write("a,b,colour,c,d,e,label,word\n")
        for i, (values, kind) in enumerate(zip(numbers, kinds, strict=True)):
            cells = [f"{value:.9g}" for value in values]
            cells[1] = "NA" if i % 11 == 0 else cells[1]
            label = int(values[0] > 2) + int(values[2] > 2)
            word = ["low", "middle", "high"][label]
            text = f'"{kind}"' if "," in kind else kind
            file.write(",".join((*cells[:2], text, *cells[2:], str(10 * label), word)) + "\n")


def read_table(path):
    with open(path, newline="") as file:
        rows = list(csv.reader(file))
    return {name: list(column) for name, *column in zip(*rows, strict=True)}


# name: (data, options of fit)
FITS = {
    "standard": ("data.npy", "--features", 6),
    "minmax": ("data.npy", "--features", 6, "--scale", "minmax", "--law", "original"),
    "none": ("data.npy", "--scale", "none", "--arch", "20-[6]-20"),
    "byte": ("bytes.npy",),
    "gelu": ("data.npy", "--arch", "20-gelu-[6]-gelu-20-gelu"),
    "tanh": ("data.npy", "--arch", "20-tanh-[6]-tanh-20-tanh"),
    "sigmoid": ("data.npy", "--arch", "20-sigmoid-[6]-20-sigmoid"),
    "sigmoid of a tail": ("data.npy", "--arch", "20-relu-[6]-sigmoid-dropout:0.1-20-relu"),
    "dropout": ("data.npy", "--arch", "20-relu-dropout:0.25-[6]-20-relu-dropout:0.5"),
    "layer-norm": ("data.npy", "--arch", "20-layer-norm-relu-[6]-20-layer-norm-relu"),
    "batch-norm": ("data.npy", "--arch", "20-batch-norm-relu-[6]-20-batch-norm-relu"),
    "widthbias": ("data.npy", "--arch", "20-relu-[6]-20-widthbias-relu-16-widthbias-relu"),
    "several tails": ("data.npy", "--arch", "20-[6]-sigmoid-16-widthbias-relu-[8]-20-widthbias"),
    "table": ("data.npy", "--features", 6, "--law", "table:weights.txt"),
    "k-min": ("data.npy", "--features", 6, "--law", "geometric:0.2", "--k-min", 3),
    "mask": ("holes.npy", "--features", 6, "--missing", "mask"),
    "columns": ("table.csv", "--features", 6, "--missing", "mean", "--drop", "label,word"),
    "minmax columns": (
        *("table.csv", "--features", 6, "--missing", "mask", "--scale", "minmax"),
        *("--drop", "label,word"),
    ),
    "huber": ("data.npy", "--features", 6, "--loss", "huber:0.5"),
    "binary": ("data.npy", "--features", 6, "--loss", "binary"),
    "cosine": ("data.npy", "--features", 6, "--loss", "cosine"),
    "masked cosine": ("holes.npy", "--features", 6, "--loss", "cosine", "--missing", "mask"),
    "labels": ("table.csv", "--features", 6, "--missing", "mean", "--target", "label"),
    "names": ("table.csv", "--features", 6, "--missing", "mean", "--target", "word"),
    "number": (
        *("table.csv", "--features", 6, "--missing", "mean", "--target", "d"),
        *("--drop", "label,word"),
    ),
    "numbers": ("data.npy", "--features", 6, "--target", "targets.npy"),
    "columns as targets": (
        *("table.csv", "--missing", "mean", "--target", "d,a", "--drop", "label,word"),
    ),
    "shares": ("data.npy", "--features", 6, "--target", "shares.npy", "--loss", "binary"),
}
PREDICTORS = ("labels", "names", "number", "numbers", "columns as targets", "shares")
AUTOENCODERS = [name for name in FITS if name not in PREDICTORS]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    np.save(folder / "data.npy", table())
    np.save(folder / "bytes.npy", np.clip(table() * 10 + 100, 0, 255).astype(np.uint8))
    holes = table()
    holes[::7, 3] = np.nan
    np.save(folder / "holes.npy", holes)
    np.save(folder / "shares.npy", 1 / (1 + np.exp(-table(columns=2, seed=2))))
    np.save(folder / "targets.npy", table(columns=2, seed=1) * 100)
    write_table(folder / "table.csv")
    (folder / "weights.txt").write_text("1\n1\n2\n1\n1\n1\n3\n")
    return folder


@pytest.fixture
def fitted(files):
    """Fits a model when it is first asked for."""

    def fit(name):
        path = files / f"{name}.safetensors"
        if not path.exists():
            data, *options = FITS[name]
            program("fit", data, "-o", path.name, "--epochs", 2, *options, cwd=files)
        return path

    return fit


def inputs_of(model, data):
    """The inputs of a model from the file that it was fitted to."""
    if data.suffix == ".csv":
        columns = read_table(data)
        return torch.from_numpy(model.columns.inputs_of(columns))
    return torch.from_numpy(np.load(data).astype(np.float64))


def near(found, wanted):
    assert found.shape == wanted.shape
    assert np.abs(np.asarray(found) - wanted).max() <= 1e-5 * np.abs(wanted).max()


def by_program(command, path, source, out, *options):
    program(command, path, source, "-o", out, "--force", *options)
    return np.load(out)


@needs_program
@pytest.mark.parametrize("name", FITS)
@pytest.mark.parametrize("k", [None, 2])
def test_the_same_outputs(files, fitted, tmp_path, name, k):
    path, data = fitted(name), files / FITS[name][0]
    model = load(path)
    x = inputs_of(model, data)
    chosen = () if k is None else ("-k", k)
    expected = by_program("predict", path, data, tmp_path / "out.npy", *chosen)
    codes = by_program("encode", path, data, tmp_path / "codes.npy", *chosen)
    model.encoder[-1].set_k(k)
    with torch.no_grad():
        y, code = model(x), model.encode(x, k)
        again = model.decode(code)
    near(code, codes)
    for found in (y, again):
        if model.classes is not None:
            near(found.softmax(-1).numpy(), expected)
        elif data.suffix == ".csv" and model.task == "autoencode":
            values = model.columns.values_of(found)
            assert (np.abs(values - expected) <= 1e-5 * np.abs(expected).max()).mean() > 0.999
        else:
            near(found, expected)
    near(by_program("decode", path, tmp_path / "codes.npy", tmp_path / "decoded.npy"), expected)
    with pytest.raises(ValueError, match="99"):
        model.encode(x, 99)
    with pytest.raises(ValueError, match="99"):
        model.decode(torch.zeros(1, 99))


@needs_program
@pytest.mark.parametrize("name", FITS)
def test_saving_what_was_loaded_gives_the_same_bytes(fitted, name, tmp_path):
    path = fitted(name)
    model = load(path)
    assert set(parse(path.read_bytes(), name)[0]) <= set(model.state_dict())
    save(model, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()
    with pytest.raises(FileExistsError):
        save(model, tmp_path / "again.safetensors")
    save(model, tmp_path / "again.safetensors", overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["again.safetensors"]


def same_metadata(ours, theirs):
    assert ours.keys() == theirs.keys()
    for key, text in ours.items():
        other = theirs[key]
        is_json = text.startswith(("{", "["))
        assert (json.loads(text) == json.loads(other)) if is_json else (text == other), key


@needs_program
@pytest.mark.parametrize("name", FITS)
def test_a_pruned_model_goes_back_to_the_program(files, fitted, tmp_path, name):
    path, data = fitted(name), files / FITS[name][0]
    model = load(path)
    x = inputs_of(model, data)
    tail = next(name for name, m in model.named_modules() if m is model.encoder[-1])
    small = prune(model, {tail: 2}, x)
    ours, theirs = tmp_path / "ours.safetensors", tmp_path / "theirs.safetensors"
    save(small, ours)
    program("prune", path, "-k", 2, "-o", theirs)
    mine, other = (parse(file.read_bytes(), "m") for file in (ours, theirs))
    assert mine[0].keys() == other[0].keys()
    for tensor in mine[0]:
        np.testing.assert_array_equal(mine[0][tensor], other[0][tensor])
    same_metadata(mine[1], other[1])
    expected = by_program("predict", ours, data, tmp_path / "a.npy")
    np.testing.assert_array_equal(expected, by_program("predict", theirs, data, tmp_path / "b.npy"))
    again = load(theirs)
    with torch.no_grad():
        assert torch.equal(again(x), small(x))
    assert again.train()(x).shape == small(x).shape  # its law fits what is left


@needs_program
@pytest.mark.parametrize("name", ["widthbias", "several tails"])
def test_what_a_tail_kept_counts_behind_it(files, fitted, name):
    """With several k in a batch, as in training, each row is as at its own k."""
    model = load(fitted(name))
    x = torch.from_numpy(np.load(files / "data.npy"))[:30]
    tail = model.encoder[-1]
    model = model.double()
    rows = torch.arange(30) % 7
    wanted = []
    for k in range(7):
        tail.set_k(k)
        wanted.append(model(x).detach())
    tail.set_k(None)
    tail.draw_keep = lambda *_: rows.int()[:, None]
    y = model(x)
    for i, k in enumerate(rows.tolist()):
        torch.testing.assert_close(y[i], wanted[k][i])
    y.sum().backward()
    bias = next(m for m in model.modules() if isinstance(m, WidthBias)).bias
    assert bias.grad.abs().sum(1).count_nonzero() == 7


@needs_program
def test_a_model_with_biases_by_width_is_copied_and_compiled(files, fitted):
    model = load(fitted("widthbias"))
    x = torch.from_numpy(np.load(files / "data.npy"))[:30]
    other = copy.deepcopy(model)
    biases = [m for m in other.modules() if isinstance(m, WidthBias)]
    assert len(biases) == 2 and all(bias.tail is other.encoder[-1] for bias in biases)
    compiled = torch.compile(other, fullgraph=True)
    for k in (None, 3, 1):
        model.encoder[-1].set_k(k)
        other.encoder[-1].set_k(k)
        torch.testing.assert_close(compiled(x), model(x), rtol=1e-5, atol=1e-5)


def wide_biases():
    """A model with a bias for each k, without the program."""
    metadata = little()[1] | {"architecture": "3-6-tail-5-widthbias-3"}
    torch.manual_seed(0)
    model = FileModel(metadata).to_empty(device="cpu")
    for tensor in (*model.parameters(), *model.buffers()):
        tensor.data.normal_() if tensor.is_floating_point() else tensor.fill_(-1)
    model.unit.fill_(1)
    model.output_unit.fill_(1)
    return model.eval()


def test_decoding_leaves_nothing_behind():
    model, code = wide_biases(), torch.randn(40, 6)
    before = model.decoder(code)
    model.decode(code[:5, :2])
    assert torch.equal(model.decoder(code), before)
    model.train()(torch.randn(600, 3))
    assert torch.equal(model.decoder(code), before)
    model.encoder(torch.randn(600, 3))
    model.eval()
    assert torch.equal(model.decoder(code), before)
    with pytest.raises(RuntimeError):
        model(torch.randn(4, 5))
    assert torch.equal(model.decoder(code), before)


def test_the_parts_by_themselves_are_the_whole():
    model, x = wide_biases().train(), torch.randn(50, 3)
    torch.manual_seed(1)
    whole = model(x)
    torch.manual_seed(1)
    parts = model._finish(model.decoder(model.encoder(model._scale(x))))
    assert torch.equal(parts, whole)


def test_threads_decode_at_once():
    model, code = wide_biases(), torch.randn(200, 6)
    wanted = [model.decode(code[:, :k]) for k in range(7)]
    with ThreadPoolExecutor(6) as pool:
        wrong = pool.map(
            lambda k: sum(not torch.equal(model.decode(code[:, :k]), wanted[k]) for _ in range(150)),
            range(1, 7),
        )
        assert sum(wrong) == 0


@needs_program
def test_a_table_of_columns(files, fitted):
    model = load(fitted("columns"))
    columns = model.columns
    cells = read_table(files / "table.csv")
    by_name = columns.inputs_of(cells)
    in_order = columns.inputs_of([cells[name] for name in columns.names])
    np.testing.assert_array_equal(by_name, in_order)
    assert by_name.shape == (300, columns.inputs) == (300, 8)
    values = columns.values_of(by_name)
    known = columns.levels[2]
    assert known == sorted(known) and values.shape == (300, 6)
    for cell, value in zip(cells["colour"], values[:, 2], strict=True):
        assert cell == "" or known[int(value)] == cell
    for table, text in (
        ({"a": [1]}, "'b'"),
        ([[1]] * 5, "5 columns"),
        ([[1], [2], ["red"], [4], [5], [6, 7]], "numbers of rows"),
        ([[1], ["x"], ["red"], [4], [5], [6]], "column b has to hold numbers"),
        ([[1], [2], [3], [4], [5], [6]], "column colour has to hold text"),
    ):
        with pytest.raises(ValueError, match=text):
            columns.inputs_of(table)
    unseen = columns.inputs_of([[1], [2], ["violet"], [4], [5], [6]])
    assert not unseen[0, 2:5].any()
    assert load(fitted("names")).classes == ["high", "low", "middle"]
    assert load(fitted("labels")).classes == [0, 10, 20]
    with pytest.raises(ValueError, match="nothing stands"):
        load(fitted("standard")).columns.inputs_of(np.full((2, 12), np.nan))


@needs_program
def test_training_on(files, fitted, tmp_path):
    model = load(fitted("standard")).train()
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
    {"name": "mixed", "p": 0.5, "rate": 0.15, "k_min": 0},
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
    known = "Linear GELU Dropout Linear Tanh FileTail Linear Sigmoid Linear"
    assert " ".join(kinds) == known
    save(model, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "m").read_bytes()


def test_norms(tmp_path):
    """With their running statistics, which are no parameters."""
    _, metadata = little()
    metadata["architecture"] = "3-4-batch-norm-relu-2-tail-5-layer-norm-3"
    g = np.random.default_rng(0)
    shapes = {"encoder.0": (4, 3), "encoder.1": (4,), "encoder.3": (2, 4)}
    shapes |= {"decoder.0": (5, 2), "decoder.1": (5,), "decoder.2": (3, 5)}
    tensors = {}
    for name, shape in shapes.items():
        own = ("running_mean", "running_var") if name == "encoder.1" else ()
        tensors[f"{name}.weight"] = g.random(shape, np.float32)
        for other in ("bias", *own):
            tensors[f"{name}.{other}"] = g.random(shape[:1], np.float32)
    (tmp_path / "m").write_bytes(serialise(tensors, metadata))
    model = load(tmp_path / "m")
    x = torch.randn(7, 3)
    norm = model.encoder[1]
    values = {name: torch.from_numpy(value) for name, value in tensors.items()}
    scale = (values["encoder.1.running_var"] + 1e-5).rsqrt() * values["encoder.1.weight"]
    linear = model.encoder[0](x)
    expected = (linear - values["encoder.1.running_mean"]) * scale + values["encoder.1.bias"]
    torch.testing.assert_close(norm(linear), expected)
    save(model, tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "m").read_bytes()
    model.train()(x).sum().backward()
    assert int(norm.num_batches_tracked) == 1 and norm.weight.grad is not None
    with pytest.raises(ValueError, match=r"encoder\.1\.running_var"):
        norm.running_var[0] = float("inf")
        save(model, tmp_path / "inf")


@pytest.mark.parametrize("key, value", [
    ("format_version", "2"), ("task", "regression"), ("task", "regress"),
    ("architecture", "3-2-3"),
    ("architecture", "3-2-tail-elu-3"), ("architecture", "3-4-tail-3"), ("architecture", "x"),
    ("architecture", "3-2-widthbias-tail-3"), ("architecture", "3-2-dropout:x-tail-3"),
    ("architecture", "3-2--tail-3"), ("columns", "{}"), ("columns", '{"count":4}'),
    ("columns", '{"count":3,"missing":"no","levels":{},"mean":[1,1,1]}'),
    ("columns", '{"count":3,"missing":"mean","levels":{},"mean":[1]}'),
    ("columns", '{"count":3,"missing":"mean","levels":{"7":["a"]},"mean":[1,1,1]}'),
    ("columns", '{"count":2,"missing":"mean","levels":{"0":[]},"mean":[1]}'),
    ("loss", '{"name":"hinge"}'), ("loss", '{"name":"huber"}'), ("loss", '{"name":"cross-entropy"}'),
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


@needs_program
def test_estimator_with_the_present_program():
    """Its options are options of fit, and each of them is handed on."""
    done = subprocess.run([PROGRAM, "fit", "--help-all"], capture_output=True, text=True)
    known = set(re.findall(r"--[a-z-]+", done.stdout))
    assert set(_OPTIONS.values()) <= known
    parameters = OrderedAutoencoder().get_params()
    assert parameters.keys() == {"n_features", *_OPTIONS}
    X = table(60)
    X[::5, 2] = np.nan
    model = OrderedAutoencoder(
        *(4,), law="uniform", k_min=1, independent=True, balance=0.5, epochs=1, batch_size=16,
        learning_rate=1e-3, schedule="cosine", average=0.9, optimizer="adamw", weight_decay=0.1,
        clip=1.0, warm_up=2, no_center=True, keep_last=True, patience=3, valid=0.2, missing="mask",
        scale="minmax", seed=2, split_seed=3, threads=1,
    )  # fmt: skip
    codes = model.fit_transform(X)
    assert codes.shape == (60, 4) and np.isfinite(codes).all()
    metadata = parse(model.model_, "m")[1]
    assert json.loads(metadata["columns"])["missing"] == "mask"
    assert json.loads(metadata["law"])["name"] == "uniform" and metadata["seed"] == "2"
    again = type(model)(**model.get_params()).fit(X)
    assert again.model_ == model.model_
    # Columns that vary by twice as much each: components that are alike are not told apart.
    apart = np.random.default_rng(4).normal(size=(60, 4)).astype(np.float32) * [8, 4, 2, 1]
    as_pca = OrderedAutoencoder(2, start="pca", scale="none", learning_rate=1e-9, epochs=1)
    as_pca.fit(apart)
    assert as_pca.scree_.loss == pytest.approx(as_pca.scree_.pca, rel=1e-3)
    cosine = OrderedAutoencoder(3, loss="cosine", epochs=1).fit(table(60))
    assert cosine.scree_.pca is None and cosine.scree_.loss.max() < 2
    rows = cosine.inverse_transform(cosine.transform(table(60)))
    assert np.abs(np.linalg.norm(rows, axis=1) - 1).max() < 1e-6
    other = OrderedAutoencoder(architecture="8-[3]-8", epochs=1, optimizer="sgd", momentum=0.5,
                               p=0.3, law="exponential").fit(table(60))  # fmt: skip
    assert other.n_features_ == 3
    with pytest.raises(ValueError, match="--effort and --epochs"):
        OrderedAutoencoder(effort=1, epochs=1).fit(X)
    model.missing = "error"
    with pytest.raises(ValueError, match=r"^taildropout fit: X\.npy: row 1, column 3 is NaN"):
        model.fit(X)


@needs_program
@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_estimator_holds_out_whole_groups(kind):
    X = np.abs(table(400)).astype(kind)
    names = np.array(["north", "south", "east", "west"])[np.arange(400) % 4]
    model = OrderedAutoencoder(3, epochs=1, valid=0.5)
    metadata = parse(model.fit(X, groups=names).model_, "m")[1]
    assert "groups" in json.loads(metadata["split"])
    assert json.loads(metadata["scaling"])["kind"] == ("byte" if kind == np.uint8 else "standard")
    assert model.scree_.rows == 200 and model.n_features_in_ == 12
    assert model.transform(X).shape == (400, 3)
    many = parse(model.fit(X, groups=np.arange(400)).model_, "m")[1]
    assert json.loads(many["scaling"])["kind"] == json.loads(metadata["scaling"])["kind"]
    with pytest.raises(ValueError, match="400 rows"):
        model.fit(X, groups=names[:5])
    with pytest.raises(ValueError, match="all rows are of one group"):
        model.fit(X, groups=np.zeros(400))
    with pytest.raises(ValueError, match="NaN"):
        model.fit(X, groups=np.full(400, np.nan))


@needs_program
def test_estimator_takes_held_out_rows():
    model = OrderedAutoencoder(3, epochs=1).fit(table(60), X_valid=table(30, seed=1))
    split = json.loads(parse(model.model_, "m")[1]["split"])
    assert split["kind"] == "table" and model.scree_.rows == 30
    with pytest.raises(ValueError, match="leave out groups"):
        model.fit(table(60), groups=np.arange(60), X_valid=table(30))
    with pytest.raises(ValueError, match=r"X_valid\.npy: its rows have 11 columns"):
        model.fit(table(60), X_valid=table(30, columns=11))


@needs_program
def test_estimator_within_scikit_learn():
    base = pytest.importorskip("sklearn.base")
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    X = table(80)
    model = OrderedAutoencoder(3, epochs=2, threads=1)
    assert base.clone(model).get_params() == model.get_params()
    pipeline = make_pipeline(StandardScaler(), model)
    codes = pipeline.fit_transform(X)
    assert codes.shape == (80, 3)
    np.testing.assert_array_equal(pipeline.transform(X), codes)
    assert pipeline.inverse_transform(codes).shape == X.shape


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


@needs_program
def test_what_the_program_says_comes_whole():
    X = table(60, 4)
    with pytest.raises(ValueError, match=r"(?s)item 'foo' at character 1 is neither.*\n  foo\n  \^"):
        OrderedAutoencoder(2, architecture="foo").fit(X)
    with pytest.raises(TypeError, match="epochs has to be a value or None, but got True"):
        OrderedAutoencoder(2, epochs=True).fit(X)


def test_messages_of_the_program():
    assert _message("taildropout: one\ntaildropout: two\n  x\n  ^\n") == "two\n  x\n  ^"
    assert _message("Killed\n") == "Killed" and _message("") == "no message"


def test_k_of_codes():
    model = OrderedAutoencoder(2)
    model.model_, model.n_features_ = b"", 2
    with pytest.raises(ValueError, match=r"k = 0 has to be in 1\.\.2; where a rule chose 0"):
        model.transform(np.ones((3, 4)), k=0)
    with pytest.raises(ValueError, match=r"k = 3 has to be in 1\.\.2$"):
        model.transform(np.ones((3, 4)), k=3)


def test_not_fitted_is_also_that_of_scikit_learn():
    theirs = pytest.importorskip("sklearn.exceptions").NotFittedError
    for error in (theirs, NotFittedError):
        with pytest.raises(error, match="call fit"):
            OrderedAutoencoder(2).transform(np.ones((3, 4)))


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
        "assert not hasattr(taildropout, 'TailDropout')\n"
        "import inspect; inspect.getmembers(taildropout)\n"
        "try: taildropout.TailDropout\n"
        "except AttributeError as error: assert 'pip install torch' in str(error)\n"
        "try: from taildropout import TailDropout\n"
        "except ImportError as error: assert 'pip install torch' in str(error); print('fine')\n"
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
