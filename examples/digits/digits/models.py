"""Models: three real classifiers, trained in a moment when their service starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from digits.images import SCALE, Array, Images

NAMES = ("svm", "forest", "bayes")
SHARPNESS = 1.5
"""How sharply distances to the support-vector machine's borders become probabilities."""

Model = Callable[[Array], Array]
"""From images, (n, 64) in 0 to 1, to the probabilities of the ten digits, (n, 10)."""


def train(name: str, images: Images) -> Model:
    """The model of that name, trained; deterministic. ValueError for another name than those of NAMES."""
    pixels, truth = images.pixels / SCALE, images.truth
    if name == "svm":
        from sklearn.svm import SVC

        machine = SVC().fit(pixels, truth)
        return lambda seen: _softmax(SHARPNESS * machine.decision_function(seen))
    if name == "forest":
        from sklearn.ensemble import RandomForestClassifier

        trees = RandomForestClassifier(n_estimators=50, random_state=0, n_jobs=1).fit(pixels, truth).estimators_
        return lambda seen: _mean_of_trees(trees, seen)
    if name == "bayes":
        from sklearn.naive_bayes import GaussianNB

        return _probabilities(GaussianNB(var_smoothing=1e-3).fit(pixels, truth))
    raise ValueError(f"a model is {', '.join(NAMES)}, not '{name}'")


def vote(probabilities: list[list[float]]) -> list[float]:
    """The mean of the members' probabilities; at least one member."""
    return [float(value) for value in np.mean(np.asarray(probabilities, dtype=float), axis=0)]


def _probabilities(model: Any) -> Model:
    return lambda seen: np.asarray(model.predict_proba(seen), dtype=float)


def _mean_of_trees(trees: Any, seen: Array) -> Array:
    # What the forest's own predict_proba gives, without the pool of threads that it starts for every single image.
    asked = np.ascontiguousarray(seen, dtype=np.float32)
    return np.asarray(np.mean([tree.predict_proba(asked, check_input=False) for tree in trees], axis=0))


def _softmax(scores: Array) -> Array:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
