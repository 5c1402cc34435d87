# SPDX-License-Identifier: MIT
"""Trains a classifier with a tail, draws its scree curve, prunes it, and compares times.

    python examples/pytorch/train_scree_prune.py [--epochs N] [--plot scree.png]

The data are made here: 20 classes around random centres that lie in 12 of 64 dims, so that a dozen
features are enough and the 512 that the network has are not all needed.
"""

import argparse
import time

import torch
from taildropout import TailDropout, choose_k, prune, scree
from torch import nn


def make_data(rows: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs [rows, 64] and class numbers [rows]."""
    centres = torch.randn(20, 12, generator=torch.Generator().manual_seed(0)) * 1.2
    mixing = torch.randn(12, 64, generator=torch.Generator().manual_seed(1))
    label = torch.randint(20, (rows,), generator=generator)
    inner = centres[label] + torch.randn(rows, 12, generator=generator)
    return inner @ mixing + 0.5 * torch.randn(rows, 64, generator=generator), label


def train(model: nn.Module, x: torch.Tensor, y: torch.Tensor, epochs: int) -> None:
    """Adam with batches of 256 rows."""
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    loss = nn.CrossEntropyLoss()
    model.train()
    for epoch in range(epochs):
        total = 0.0
        for rows in torch.randperm(len(x)).split(256):
            optimizer.zero_grad()
            value = loss(model(x[rows]), y[rows])
            value.backward()
            optimizer.step()
            total += value.item() * len(rows)
        print(f"epoch {epoch + 1:2}  training loss {total / len(x):.4f}")


def accuracy(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    """Share of rows whose class is found."""
    model.eval()
    with torch.no_grad():
        return (model(x).argmax(1) == y).double().mean().item()


def time_pair(one: nn.Module, other: nn.Module, x: torch.Tensor) -> tuple[float, float]:
    """Milliseconds of a forward pass of each, by turns; the smaller half counts."""
    times: tuple[list[float], list[float]] = ([], [])
    with torch.no_grad():
        for _ in range(30):
            for model, record in zip((one, other), times, strict=True):
                start = time.perf_counter()
                model(x)
                record.append(1e3 * (time.perf_counter() - start))
    first, second = (sum(sorted(record)[:15]) / 15 for record in times)
    return first, second


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--plot", metavar="FILE", help="draw the scree curve (needs matplotlib)")
    options = parser.parse_args()

    torch.manual_seed(0)
    x, y = make_data(8_000, torch.Generator().manual_seed(2))
    valid, test = (make_data(2_000, torch.Generator().manual_seed(s)) for s in (3, 4))
    model = nn.Sequential(
        nn.Linear(64, 512),
        nn.ReLU(),
        nn.Linear(512, 512),
        nn.ReLU(),
        TailDropout(p=0.5),
        nn.Linear(512, 20),
    )
    train(model, x, y, options.epochs)

    curve = scree(model, valid, nn.CrossEntropyLoss())
    k = choose_k(curve, "auto")
    print("\n   k  held-out loss")
    for j in (0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512):
        print(f"{j:4}  {curve.loss[j]:.4f} +- {curve.se[j]:.4f}")
    print(f"chosen: k = {k} of {curve.n}")
    if options.plot:
        curve.plot().figure.savefig(options.plot)

    small = prune(model, k, test[0][:64])
    sizes = [sum(p.numel() for p in m.parameters()) for m in (model, small)]
    print(f"\nparameters  {sizes[0]:,} -> {sizes[1]:,}")
    print(f"accuracy    {accuracy(model, *test):.4f} -> {accuracy(small, *test):.4f}")
    before, after = time_pair(model, small, test[0])
    print(f"forward     {before:.2f} ms -> {after:.2f} ms, {before / after:.1f}x")


if __name__ == "__main__":
    main()
