# SPDX-License-Identifier: MIT
"""What the package believes of the library is what the header says."""

import ctypes
import importlib.metadata
import re
import shutil
from pathlib import Path

import pytest
import taildropout
from taildropout import native

HEADER = (Path(__file__).parents[3] / "include" / "taildropout.h").read_text()
CODE = re.sub(r"/\*.*?\*/", "", HEADER, flags=re.S)


def parameters(name):
    """The parameters of a function, as the header writes them."""
    (found,) = re.findall(rf"TDROP_API[^;]*\b{name}\(([^;]*)\);", CODE)
    return [] if found == "void" else [" ".join(part.split()) for part in found.split(",")]


def size_of(parameter):
    """Bytes of a parameter, by its type."""
    if "*" in parameter:
        return ctypes.sizeof(ctypes.c_void_p)
    types = {"size_t": ctypes.c_size_t, "int32_t": ctypes.c_int32, "unsigned": ctypes.c_uint}
    return ctypes.sizeof(types.get(parameter.split()[0], ctypes.c_int))


def test_prototypes_are_those_of_the_header():
    for name, (_, arguments) in native._PROTOTYPES.items():
        if name == "tdrop_pool_parallel":  # returns a structure
            continue
        expected = [size_of(parameter) for parameter in parameters(name)]
        assert [ctypes.sizeof(argument) for argument in arguments] == expected, name


def test_structures_are_those_of_the_header():
    for name, structure in (
        ("view", native.View),
        ("dims", native.Dims),
        ("law_options", native.LawOptions),
        ("rule", native.Rule),
        ("ranges", native.Ranges),
    ):
        (body,) = re.findall(rf"typedef struct tdrop_{name} \{{(.*?)\}} tdrop_{name};", CODE, re.S)
        fields = re.findall(r"(\w+)(?:\[\w+\])?;", body)
        assert [field for field, *_ in structure._fields_] == fields, name


def test_exceptions_are_for_statuses_of_the_header():
    numbers = {int(n) for n in re.findall(r"TDROP_ERROR_\w+ = (\d+)", CODE)}
    assert set(native._EXCEPTIONS) <= numbers
    assert native.version() == ".".join(re.findall(r"VERSION_(?:MAJOR|MINOR|PATCH) (\d+)", CODE))


def test_the_library_of_an_editable_install(tmp_path, monkeypatch):
    """There the sources stay where they are, and a folder of the package holds the library alone."""
    library = native._library_path()
    monkeypatch.setattr(native, "__file__", str(tmp_path / "sources" / "native.py"))
    other = tmp_path / "site-packages"
    other.mkdir()
    shutil.copy(library, other)
    monkeypatch.setattr(taildropout, "__path__", [str(tmp_path / "sources"), str(other)])
    assert native._library_path() == other / library.name
    monkeypatch.setattr(taildropout, "__path__", [str(tmp_path / "sources")])
    with pytest.raises(ImportError, match=r"`pip install \.`"):
        native._load()


def test_one_wheel_for_every_python_with_one_library_inside():
    try:
        distribution = importlib.metadata.distribution("taildropout")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the package was not installed by pip")
    assert "Tag: py3-none-" in distribution.read_text("WHEEL")
    libraries = [file.name for file in distribution.files if ".so" in file.suffixes]
    assert libraries == ["libtaildropout.so"]
