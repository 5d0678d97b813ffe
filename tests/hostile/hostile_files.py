"""Files and folders that are hostile: links in circles, pipes, sockets, what is too large or too many."""

# ruff: noqa: E501 - a case a line

from __future__ import annotations

import os
import socket
from pathlib import Path

from hostile_case import Case, files, head

NODES = head("Inventory", "i") + "spec: {nodes: [{name: a, cpu: 1, memory: {rss: 1Gi}}]}\n"


def _large(folder: Path) -> None:
    with (folder / "large.yaml").open("wb") as stream:
        stream.truncate(100 * 2**20)


def _very_large(folder: Path) -> None:
    with (folder / "large.yaml").open("wb") as stream:
        stream.truncate(2**40)


def _together(folder: Path) -> None:
    for index in range(10):
        (folder / f"part{index}.yaml").write_text(head(name=f"i{index}") + "#" + "x" * 15_000_000 + "\n")


def _socket(folder: Path) -> None:
    here = os.getcwd()
    os.chdir(folder)  # The name of a socket is short.
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("socket.yaml")
    finally:
        os.chdir(here)


def _round(folder: Path) -> None:
    (folder / "a.yaml").symlink_to("b.yaml")
    (folder / "b.yaml").symlink_to("a.yaml")
    (folder / "round").symlink_to(".")
    (folder / "up").symlink_to("..")


def _deep(folder: Path) -> None:
    here = os.getcwd()
    os.chdir(folder)  # The whole path would be too long to be named.
    try:
        for _ in range(450):
            os.mkdir("deep-deep")
            os.chdir("deep-deep")
        Path("x.yaml").write_text(head() + "spec: 1\n")
    finally:
        os.chdir(here)


def _bytes_in_a_name(folder: Path) -> None:
    (Path(os.fsdecode(os.fsencode(folder) + b"/\xff\x1b[31m\n.yaml"))).write_text(head() + "spec: 1\n")


FILES: list[Case] = [
    Case("a file of 100 MiB", _large, ("R002",)),
    Case("a file of a tebibyte with nothing in it", _very_large, ("R002",)),
    Case("ten files of 15 MB", _together, ("larger than 64 MiB together",), code=64),
    Case("links in a circle", _round, ("R012",)),
    Case("a pipe", lambda folder: os.mkfifo(folder / "pipe.yaml"), ("R012",)),
    Case("a socket", _socket, ("R012",)),
    Case("a link to a device without end", lambda folder: (folder / "zero.yaml").symlink_to("/dev/zero"), ("R012",)),
    Case("a link to nothing", lambda folder: (folder / "gone.yaml").symlink_to("gone"), ("R012",)),
    Case("a folder named like a file", lambda folder: (folder / "x.yaml").mkdir(), ("no documents",), code=64),
    Case("rohe.yaml is a folder", files(lambda: [("rohe.yaml/x.yaml", head() + "spec: 1\n")]), ("R108",)),
    Case("450 folders deep, which no path can name", _deep, ("R012",)),
    Case("a name that moves the cursor", _bytes_in_a_name, ("R108",)),
    Case("ten thousand files of one name", files(lambda: ((f"f{n:05}.yaml", NODES) for n in range(10_000))), ("R201",)),
    Case("ten thousand faulty files", files(lambda: ((f"f{n:05}.yaml", head(name=f"i{n}") + "spec: {nods: []}\n") for n in range(10_000))), ("R106",)),
    Case("ten thousand files that are not YAML", files(lambda: ((f"f{n:05}.yaml", head() + "spec: [\n") for n in range(10_000))), ("R001",)),
    Case("ten thousand files of somebody else", files(lambda: ((f"f{n:05}.yaml", "apiVersion: apps/v1\nkind: Deployment\n") for n in range(10_000))), ("R105",), code=0),
    Case("more files than are looked through", files(lambda: ((f"{n % 100}/f{n}.yaml", "") for n in range(20_001))), ("more than 20,000",), code=64),
]  # fmt: skip
