"""What the example promises about its models, on the real images."""

from functools import cache

import numpy as np
import pytest
from digits.images import SCALE, Noise, load
from digits.models import NAMES, train, vote

WINDOW = 200


@cache
def answers(noise: Noise | None) -> dict[str, np.ndarray]:
    training, test = load()
    pixels = test.pixels if noise is None else np.stack([noise.on(seen, n) for n, seen in enumerate(test.pixels)])
    return {name: train(name, training)(pixels / SCALE) for name in NAMES}


def windows(noise: Noise | None, *members: str) -> np.ndarray:
    """The accuracy of the members' vote over every window of 200 images, the camera going round."""
    probabilities = np.mean([answers(noise)[member] for member in members], axis=0)
    right = probabilities.argmax(axis=1) == load()[1].truth
    return np.convolve(np.concatenate([right, right[: WINDOW - 1]]), np.ones(WINDOW), "valid") / WINDOW


def test_the_contract_is_kept_on_clean_images_in_every_window():
    assert windows(None, *NAMES).min() > 0.92


def test_noise_breaks_the_contract_in_every_window_by_a_margin():
    assert windows(Noise("gaussian", 0.2), *NAMES).max() < 0.85


def test_the_contract_is_kept_again_without_bayes_and_with_noise():
    assert windows(Noise("gaussian", 0.2), "svm", "forest").min() > 0.93


def test_no_other_member_is_to_blame():
    for going_on in (("svm", "bayes"), ("forest", "bayes")):
        assert windows(Noise("gaussian", 0.2), *going_on).max() < 0.9


def test_bayes_is_wrong_and_sure_of_itself_under_noise():
    seen = answers(Noise("gaussian", 0.2))["bayes"]
    assert (seen.argmax(axis=1) == load()[1].truth).mean() < 0.4
    assert seen.max(axis=1).mean() > 0.95


def test_a_model_is_the_same_whenever_it_is_trained():
    training, test = load()
    for name in NAMES:
        again = train(name, training)(test.pixels[:50] / SCALE)
        assert np.array_equal(again, answers(None)[name][:50])


def test_the_forest_answers_as_scikit_learn_would():
    from sklearn.ensemble import RandomForestClassifier

    training, test = load()
    theirs = RandomForestClassifier(n_estimators=50, random_state=0).fit(training.pixels / SCALE, training.truth)
    assert np.allclose(answers(None)["forest"], theirs.predict_proba(test.pixels / SCALE))


def test_every_answer_is_a_probability():
    for seen in answers(None).values():
        assert seen.shape == (897, 10)
        assert np.allclose(seen.sum(axis=1), 1)


def test_the_vote_is_the_mean():
    assert vote([[1.0, 0.0], [0.5, 0.5]]) == [0.75, 0.25]


def test_an_unknown_model_is_refused():
    with pytest.raises(ValueError, match="svm, forest, bayes"):
        train("oracle", load()[0])
