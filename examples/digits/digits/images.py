"""Images: the handwritten digits that scikit-learn ships, split once for all services, and sensor noise."""

from __future__ import annotations

import gzip
import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SCALE = 16.0
"""The brightest value of a pixel; the darkest is 0. Images have 8 x 8 pixels, in rows."""

TRAINING = 900
SEED = 3


@dataclass(frozen=True)
class Images:
    """Pictures and what they show. pixels: (n, 64), 0 to SCALE; truth: (n,), 0 to 9."""

    pixels: Array
    truth: NDArray[np.int64]


@cache
def load() -> tuple[Images, Images]:
    """900 images to train with and 897 to test with, shuffled by a fixed seed, the same in every process.

    scikit-learn's file is read where it lies: importing the library takes over a second, and the camera needs none.
    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998.
    """
    library = importlib.util.find_spec("sklearn")
    if library is None or library.origin is None:
        raise SystemExit("digits: scikit-learn is not installed; it brings the images and the models")
    with gzip.open(Path(library.origin).parent / "datasets" / "data" / "digits.csv.gz", "rt") as file:
        table = np.loadtxt(file, delimiter=",")
    table = table[np.random.default_rng(SEED).permutation(len(table))]
    images = Images(table[:, :-1], table[:, -1].astype(np.int64))
    return (
        Images(images.pixels[:TRAINING], images.truth[:TRAINING]),
        Images(images.pixels[TRAINING:], images.truth[TRAINING:]),
    )


@dataclass(frozen=True)
class Noise:
    """What a bad sensor does to pictures.

    kind: gaussian (normal noise on every pixel), salt (pixels stuck at dark or bright) or dim (too little light).
    level: 0 to 1; the deviation as a share of SCALE, the share of stuck pixels, or the share of light that is missing.
    """

    kind: str = "gaussian"
    level: float = 0.2

    def __post_init__(self) -> None:
        if self.kind not in ("gaussian", "salt", "dim"):
            raise ValueError(f"noise is gaussian, salt or dim, not '{self.kind}'")
        if not 0 <= self.level <= 1:
            raise ValueError(f"a noise level is 0 to 1, not {self.level}")

    def on(self, pixels: Array, seed: int) -> Array:
        """The picture with noise, in 0 to SCALE; the same seed gives the same noise."""
        chance = np.random.default_rng([SEED, seed])
        if self.kind == "gaussian":
            seen = pixels + chance.normal(0.0, self.level * SCALE, pixels.shape)
        elif self.kind == "salt":
            stuck = chance.random(pixels.shape) < self.level
            seen = np.where(stuck, np.where(chance.random(pixels.shape) < 0.5, 0.0, SCALE), pixels)
        else:
            seen = pixels * (1 - self.level)
        return np.clip(seen, 0.0, SCALE)
