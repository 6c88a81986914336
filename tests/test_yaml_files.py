"""YAML files: whatever a file contains, it is read quickly or is one clear error."""

from itertools import pairwise

import pytest

from generative_classifiers.io.errors import InputError
from generative_classifiers.study.yaml_files import YamlFile

NAMES = "abcdefghij"
LAUGHS = "a: &a [ha, ha, ha, ha]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in pairwise(NAMES)
)
MERGES = "a: &a {x: 1}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join([f'*{before}'] * 9)}]}}\n" for before, name in pairwise(NAMES)
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: größer".encode("utf-16"), r": is in UTF-16; expected a YAML file in UTF-8"),
        ("a: 1\nb: größer".encode("latin-1"), r", line 2: byte 0xf6 is not UTF-8"),
        (b"a: 1\nb: \0\n", r", line 2: contains a NUL byte"),
        (b"a:\n\t- 1\n", r": not valid YAML: .*cannot start any token .*line 2, column 1"),
        (LAUGHS.encode(), r": expected at most 1,000,000 values, found more: its aliases repeat too much"),
        (MERGES.encode(), r": expected at most 1,000,000 values"),
        (b"a: &a [*a]\n", r": expected at most 1,000,000 values"),
        (b"[" * 200_000, r", line 1: expected at most 100 lists or keys inside each other"),
        (b"- " * 200_000, r", line 1: expected at most 100 lists or keys inside each other"),
        (b"? [a]\n: 1\n", r", line 1: expected a text as a key"),
        (b"a: 2001-99-99\n", r": not valid YAML: month"),
        (b"a: " + b"9" * 5000, r": not valid YAML: "),
        (b"a: !!bool x\n", r": not valid YAML"),
        (b"a: !!timestamp x\n", r": not valid YAML"),
        (b"a: !!python/object:os.system x\n", r": not valid YAML: could not determine a constructor"),
        (b"a: 1\n---\nb: 1\n", r": not valid YAML: expected a single document"),
    ],
    ids=range(16),
)
def test_what_is_not_plain_yaml_is_one_line_that_names_the_file(tmp_path, content, message):
    (tmp_path / "some.yaml").write_bytes(content)
    with pytest.raises(InputError, match=f"^some.yaml{message}") as error:
        YamlFile(tmp_path / "some.yaml", tmp_path)
    assert "\n" not in str(error.value)


def test_folders_and_missing_files_are_errors(tmp_path):
    (tmp_path / "some.yaml").mkdir()
    with pytest.raises(InputError, match=r"^some\.yaml: is not a file; expected a YAML file"):
        YamlFile(tmp_path / "some.yaml", tmp_path)
    with pytest.raises(InputError, match=r"^none\.yaml: cannot be read \(No such file or directory\)"):
        YamlFile(tmp_path / "none.yaml", tmp_path)


def test_anchors_and_byte_order_marks_are_allowed(tmp_path):
    (tmp_path / "some.yaml").write_bytes(b"\xef\xbb\xbfa: &a [1, 2]\nb: *a\n")
    assert YamlFile(tmp_path / "some.yaml", tmp_path).content == {"a": [1, 2], "b": [1, 2]}


@pytest.mark.parametrize("number", ["1:30", "010", "0x1F", "0b11", "1_000"])
def test_numbers_that_yaml_reads_otherwise_than_people_are_refused(tmp_path, number):
    (tmp_path / "a.yaml").write_text(f"a: 1\nb: [{number}]\n")
    with pytest.raises(
        InputError, match=f"a.yaml, line 2: expected a decimal number or a text in quotes, found {number}"
    ):
        YamlFile(tmp_path / "a.yaml", tmp_path)
