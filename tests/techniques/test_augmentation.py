"""Augmentation against scipy.ndimage; its draws; and that testing sees none of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from ablations.data.catalog import read
from ablations.techniques.augmentation import Perturbation
from tests.support.running import same_bits

FRESH_PROGRAMS = True

EVERYTHING = {"shift_pixels": 1, "rotation_degrees": 10.0, "noise": 0.1}


@pytest.fixture(scope="module")
def images():
    return read("digits", None).train_features[:20].astype(np.float32) / 16


def change(tensorflow, images, seed=(3, 0), **settings):
    rule = Perturbation(**settings)
    return rule.build({})(tensorflow.constant(images), tensorflow.constant(seed)).numpy()


def test_a_shift_is_that_of_scipy_by_whole_pixels(tensorflow, images):
    moved = change(tensorflow, images, shift_pixels=2)
    found = set()
    for image, got in zip(images, moved, strict=True):
        shifts = [(down, right) for down in range(-2, 3) for right in range(-2, 3)]
        matches = [s for s in shifts if np.array_equal(got, ndimage.shift(image, s, order=0))]
        assert matches
        found.update(matches)
    assert len(found) > 8  # of 25, in 20 draws


def test_rotation_and_shift_are_those_of_scipy(tensorflow, images):
    from ablations.techniques.keras.augmentation import _moved as moved_images

    images = np.pad(images, [(0, 0), (6, 6), (6, 6)])  # so that nothing leaves the picture
    angles = np.linspace(-0.6, 0.6, 20)
    shifts = np.stack([np.arange(20) % 3 - 1, np.arange(20) % 5 - 2], axis=1)
    moved = moved_images(
        tensorflow.constant(images),
        tensorflow.constant(angles, tensorflow.float32),
        tensorflow.constant(shifts, tensorflow.float32),
    )
    for image, angle, shift, got in zip(images, angles, shifts, moved, strict=True):
        c, s = np.cos(angle), np.sin(angle)
        back = np.array([[c, -s], [s, c]])  # (row, column) of the result → of the image
        centre = np.array([9.5, 9.5])
        wanted = ndimage.affine_transform(image, back, centre - back @ (centre + shift), order=1)
        np.testing.assert_allclose(got, wanted, atol=2e-5)
        assert np.abs(wanted - image).max() > 0.1


def test_a_rotation_turns_about_the_centre_and_stays_small(tensorflow):
    x, y = np.meshgrid(np.arange(15) - 7.0, np.arange(15) - 7.0)
    blobs = np.exp(-((x - 4) ** 2 + y**2) / 4).astype(np.float32)[None].repeat(200, axis=0)
    turned = change(tensorflow, blobs, rotation_degrees=20.0)
    mass = turned.sum(axis=(1, 2))
    angles = np.degrees(
        np.arctan2((turned * y).sum((1, 2)) / mass, (turned * x).sum((1, 2)) / mass)
    )
    assert -21 < angles.min() < -17
    assert 17 < angles.max() < 21
    assert abs(angles.mean()) < 3


def test_the_mean_shift_is_nought_and_reaches_every_side(tensorflow):
    dot = np.zeros((400, 9, 9), np.float32)
    dot[:, 4, 4] = 1
    moved = change(tensorflow, dot, shift_pixels=2)
    places = np.array([ndimage.center_of_mass(image) for image in moved]) - 4
    assert set(np.unique(places)) == {-2, -1, 0, 1, 2}
    assert np.abs(places.mean(axis=0)).max() < 0.3
    assert abs(np.corrcoef(places.T)[0, 1]) < 0.15  # rows and columns are drawn apart


def test_noise_has_its_sigma_and_no_mean(tensorflow):
    noise = change(tensorflow, np.zeros((50, 64), np.float32), noise=0.3)
    assert noise.std() == pytest.approx(0.3, rel=0.05)
    assert abs(noise.mean()) < 0.02


def test_colour_images_move_as_one(tensorflow, images):
    colours = np.stack([images, 2 * images, 0.5 * images], axis=-1)
    moved = change(tensorflow, colours, shift_pixels=2, rotation_degrees=15.0)
    assert moved.shape == colours.shape
    np.testing.assert_allclose(moved[..., 1], 2 * moved[..., 0], atol=1e-5)
    grey = change(tensorflow, images, shift_pixels=2, rotation_degrees=15.0)
    np.testing.assert_allclose(moved[..., 0], grey, atol=1e-6)


def test_the_same_key_draws_the_same_and_another_key_differs(tensorflow, images):
    first = change(tensorflow, images, (3, 5), **EVERYTHING)
    assert np.array_equal(first, change(tensorflow, images, (3, 5), **EVERYTHING))
    for other in ((3, 6), (4, 5)):
        assert not np.array_equal(first, change(tensorflow, images, other, **EVERYTHING))


def settings(**changes):
    return {"training.augmentation": changes or EVERYTHING, "training.epochs": 2}


def test_a_seed_trains_the_same_and_augmentation_changes_the_training(recipe, train):
    first = train(recipe(settings()), seed=1)
    again = train(recipe(settings()), seed=1)
    assert same_bits(first.state(), again.state())
    assert not same_bits(first.state(), train(recipe({"training.epochs": 2}), seed=1).state())


def test_every_step_and_epoch_draws_anew(tensorflow, recipe, train, monkeypatch):
    from ablations.techniques.keras.augmentation import Perturb

    keys = []
    real = Perturb.__call__

    def recording(self, features, seed, *rest):
        tensorflow.numpy_function(lambda seed: keys.append(tuple(seed.tolist())), [seed], [])
        return real(self, features, seed, *rest)

    monkeypatch.setattr(Perturb, "__call__", recording)
    train(recipe(settings()), seed=1)
    train(recipe(settings()), seed=2)
    assert len(keys) == 12
    assert len(set(keys)) == 12
    assert [step for _, step in keys] == [0, 1, 2] * 4


def test_evaluation_sees_the_examples_as_they_are(tensorflow, recipe, train):
    trained = train(recipe(settings()))
    data = read("digits", None)
    model = trained.program.model
    logits = model(data.test_features.astype(np.float32) / 16, training=False).numpy()
    accuracy = (logits.argmax(axis=1) == data.test_labels).mean()
    assert trained.result.metrics["test_accuracy"] == pytest.approx(accuracy, abs=1e-9)
