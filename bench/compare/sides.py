# SPDX-License-Identifier: MIT
"""The sides that are compared. Each takes a data set and gives, for the rows to read, the error at each
width that it offers, the codes of all rows at the seven widths, and the processor's seconds; ours the k
that it chose, too.

All have the same network and number of epochs, and one thread. Error: mean squared error over that
of the training rows' mean, so 1 is knowing nothing."""

import contextlib
import json
import pathlib
import resource
import subprocess
import tempfile

import numpy as np

BATCH = 256


def cpu_seconds():
    """Of this process and of those that it waited for."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def error(x, guess, mean):
    return float(((x - guess) ** 2).mean() / ((x - mean) ** 2).mean())


def pca(data, train, test, seed):
    mean = train.mean(axis=0)
    begin = cpu_seconds()
    _, directions = np.linalg.eigh((train - mean).T @ (train - mean))
    directions = directions[:, ::-1]
    seconds = cpu_seconds() - begin
    codes, test_codes = (train - mean) @ directions, (test - mean) @ directions
    errors = {
        k: error(test, mean + test_codes[:, :k] @ directions[:, :k].T, mean)
        for k in range(1, train.shape[1] + 1)
    }
    return errors, {k: (codes[:, :k], test_codes[:, :k]) for k in data.widths}, seconds


def mlp_regressor(data, train, test, seed):
    """One for each width, with the defaults of scikit-learn, whose relu is on the code too."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor

    warnings.simplefilter("ignore", ConvergenceWarning)

    def code(model, x):
        for weights, bias in list(zip(model.coefs_, model.intercepts_))[: len(data.hidden) + 1]:
            x = np.maximum(x @ weights + bias, 0)
        return x

    errors, codes, begin = {}, {}, cpu_seconds()
    for k in data.widths:
        model = MLPRegressor(
            hidden_layer_sizes=(*data.hidden, k, *data.hidden[::-1]),
            batch_size=BATCH,
            max_iter=data.epochs,
            n_iter_no_change=data.epochs,
            random_state=seed,
        ).fit(train, train)
        errors[k] = error(test, model.predict(test), train.mean(axis=0))
        codes[k] = code(model, train), code(model, test)
    return errors, codes, cpu_seconds() - begin


def torch_layers(*widths):
    from torch import nn

    layers = [nn.Linear(widths[0], widths[1])]
    for inputs, outputs in zip(widths[1:], widths[2:]):
        layers += [nn.ReLU(), nn.Linear(inputs, outputs)]
    return nn.Sequential(*layers)


def torch_autoencoder(data, train, test, seed, widths):
    """Trained for the sum of the losses at these widths of one code; Adam, one-cycle rate to 0.002."""
    import torch

    torch.manual_seed(seed)
    torch.set_num_threads(1)
    encoder = torch_layers(train.shape[1], *data.hidden, widths[-1])
    decoder = torch_layers(widths[-1], *data.hidden[::-1], train.shape[1])
    x, steps = torch.from_numpy(train), -(-len(train) // BATCH) * data.epochs
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.002, total_steps=steps)
    masks = (torch.arange(widths[-1]) < torch.tensor(widths)[:, None]).float()
    for _ in range(data.epochs):
        for rows in torch.randperm(len(x)).split(BATCH):
            code = encoder(x[rows])
            loss = sum(((decoder(code * mask) - x[rows]) ** 2).mean() for mask in masks)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    with torch.no_grad():
        code, test_code = encoder(x), encoder(torch.from_numpy(test))
        guess = [decoder(test_code * mask).numpy() for mask in masks]
    errors = {k: error(test, g, train.mean(axis=0)) for k, g in zip(widths, guess)}
    return errors, {k: (code[:, :k].numpy(), test_code[:, :k].numpy()) for k in widths}


def plain(data, train, test, seed):
    """A network for each width."""
    errors, codes, begin = {}, {}, cpu_seconds()
    for k in data.widths:
        one_error, one_codes = torch_autoencoder(data, train, test, seed, (k,))
        errors |= one_error
        codes |= one_codes
    return errors, codes, cpu_seconds() - begin


def matryoshka(data, train, test, seed):
    begin = cpu_seconds()
    errors, codes = torch_autoencoder(data, train, test, seed, data.widths)
    return errors, codes, cpu_seconds() - begin


@contextlib.contextmanager
def rows_in_files(train, test):
    with tempfile.TemporaryDirectory() as folder:
        at = pathlib.Path(folder)
        np.save(at / "train.npy", train)
        np.save(at / "test.npy", test)
        yield at


class Program:
    """The program with its defaults."""

    def __init__(self, program):
        self.program = program

    def run(self, *words):
        done = subprocess.run([self.program, *map(str, words)], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)

    def fit(self, at, data, n, seed, *words):
        hidden = [str(width) for width in data.hidden]
        arch = "-".join([*hidden, f"[{n}]", *hidden[::-1]])
        self.run("fit", at / "train.npy", "-o", at / "model", "--arch", arch, "--epochs", data.epochs,
                 "--scale", "none", "--seed", seed, "--threads", 1, "--quiet", "--force",
                 *words)  # fmt: skip

    def scree(self, at, train, test):
        """The error at each k, and the k that the curve suggests."""
        self.run("scree", at / "model", at / "test.npy", "--json", at / "scree", "--threads", 1,
                 "--force")  # fmt: skip
        scree = json.loads((at / "scree").read_text())
        of_mean = float(((test - train.mean(axis=0)) ** 2).mean())
        errors = {k: scree["loss"][k] / of_mean for k in range(1, scree["n"] + 1)}
        return errors, scree["chosen"]["k"]

    def codes(self, at, k):
        for rows in ("train", "test"):
            self.run("encode", at / "model", at / f"{rows}.npy", "-o", at / f"{rows}-codes.npy", "-k", k,
                     "--force")  # fmt: skip
        return np.load(at / "train-codes.npy"), np.load(at / "test-codes.npy")

    def ordered(self, data, train, test, seed):
        """One model, cut to each width."""
        with rows_in_files(train, test) as at:
            begin = cpu_seconds()
            self.fit(at, data, data.widths[-1], seed)
            self.run("prune", at / "model", "-k", "auto", "-o", at / "small")
            seconds = cpu_seconds() - begin
            errors, chosen = self.scree(at, train, test)
            codes = {k: self.codes(at, k) for k in data.widths}
        return errors, codes, seconds, chosen

    def each_width(self, data, train, test, seed):
        """The same with nothing dropped, a network for each width."""
        errors, codes, seconds = {}, {}, 0
        with rows_in_files(train, test) as at:
            for k in data.widths:
                begin = cpu_seconds()
                self.fit(at, data, k, seed, "--p", 0)
                seconds += cpu_seconds() - begin
                errors[k] = self.scree(at, train, test)[0][k]
                codes[k] = self.codes(at, k)
        return errors, codes, seconds
