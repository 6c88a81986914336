"""Files of answers to cue conflicts in the format of Gavrikov et al. 2024, and the errors for broken ones."""

import numpy as np
import pytest

from generative_classifiers.decisions.vlm_shapebias import read_predictions
from generative_classifiers.io.errors import InputError

HEADER = "image,timestamp,response,pred_label,pred_conf"
TRIALS = [
    'bear1-cat2,2024-02-05 20:16:38,"B. bear, or\nperhaps a cat",bear,1',
    "cat12-dog1,2024-02-05 20:16:39,I cannot say,None,1",
    "dog3-dog2,2024-02-05 20:16:40,K,dog,1",
]


@pytest.fixture
def write(tmp_path):
    def make(*lines):
        (tmp_path / "some.csv").write_text("".join(f"{line}\n" for line in lines))
        return tmp_path / "some.csv"

    return make


def read(path, kind="nonparametric"):
    return read_predictions(path, "some-model", kind, ["all"])


def test_an_answer_without_a_category_is_no_answer_and_not_a_missing_trial(write):
    answers = read(write(HEADER, *TRIALS))
    assert answers.images.index.tolist() == ["bear1-cat2.png", "cat12-dog1.png", "dog3-dog2.png"]
    assert answers.images.category.tolist() == ["bear", "cat", "dog"]
    assert answers.images.condition.tolist() == ["all"] * 3
    assert answers.response.dtype == np.int8 and answers.response.tolist() == [1, -1, 10]


def test_only_two_columns_are_needed(write):
    assert read(write("pred_label,image", "car,truck1-car2", "None,oven1-car2")).response.tolist() == [6, -1]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], r": expected a CSV file with columns image, pred_label: No columns"),
        ([HEADER], r": expected trials, found none"),
        (["image,label", "cat1-dog2,cat"], r": expected a CSV file with columns image, pred_label, found image, label"),
        (
            ["image,pred_label", "cat1-dog2,cat,1", "cat1-dog3,cat"],
            r", line 2: image is 'cat', expected a cue conflict",
        ),
        (["image,pred_label", "cat1-dog2,cat", "cat1-dog3,cat,1"], r": expected .*Expected 2 fields in line 3, saw 3"),
        (["image,pred_label", "cat1-dog2"], r", line 2: pred_label is .+, expected airplane, .*, truck, None"),
        (["image,pred_label", "cat1-dog2,fish"], r", line 2: pred_label is 'fish', expected airplane, .*, truck, None"),
        (["image,pred_label", "cat1-dog2,"], r", line 2: pred_label is '', expected"),
        (["image,pred_label", "cat1-dog2,cat", "fish1-dog2,cat"], r", line 3: image is 'fish1-dog2', expected a cue"),
        (
            ["image,pred_label", "cat1-dog2.png,cat"],
            r", line 2: image is 'cat1-dog2.png', expected a cue conflict such",
        ),
        (
            ["image,pred_label", "cat1-dog2,cat", "cat1-dog2,dog"],
            r", line 3: image is 'cat1-dog2', expected each image",
        ),
    ],
)
def test_broken_files_are_errors_that_name_the_place(write, lines, message):
    with pytest.raises(InputError, match=rf"some\.csv{message}"):
        read(write(*lines))


def test_a_dataset_with_conditions_is_an_error(write):
    with pytest.raises(InputError, match=r"some\.csv: answers to cue conflicts have no conditions"):
        read(write(HEADER, *TRIALS), kind="parametric")


def test_other_encodings_are_errors(tmp_path):
    (tmp_path / "some.csv").write_bytes(b"\xff\xfe\n")
    with pytest.raises(InputError, match=r"some\.csv: expected a CSV file"):
        read(tmp_path / "some.csv")
