import numpy as np
import pytest
from digits.images import SCALE, Noise, load


def test_the_images_are_those_of_scikit_learn_each_once():
    from sklearn.datasets import load_digits

    training, test = load()
    theirs = load_digits()
    ours = np.column_stack([np.vstack([training.pixels, test.pixels]), np.concatenate([training.truth, test.truth])])
    shipped = np.column_stack([theirs.data, theirs.target])
    assert (len(training.truth), len(test.truth)) == (900, 897)
    assert sorted(map(tuple, ours)) == sorted(map(tuple, shipped))


def test_every_process_splits_the_images_alike():
    first = load()[1].truth.copy()
    load.cache_clear()
    assert np.array_equal(first, load()[1].truth)


@pytest.mark.parametrize("kind", ["gaussian", "salt", "dim"])
def test_noise_changes_the_picture_stays_in_scale_and_is_the_same_for_the_same_image(kind):
    picture = load()[1].pixels[0]
    noise = Noise(kind, 0.2)
    seen = noise.on(picture, 7)
    assert not np.array_equal(seen, picture)
    assert seen.min() >= 0
    assert seen.max() <= SCALE
    assert np.array_equal(seen, noise.on(picture, 7))


@pytest.mark.parametrize(("kind", "level"), [("rain", 0.2), ("gaussian", 1.5), ("gaussian", -0.1)])
def test_noise_that_is_not_known_is_refused(kind, level):
    with pytest.raises(ValueError, match="noise"):
        Noise(kind, level)
