"""What a pipeline of diffusers consists of: `model_index.json`, checked before anything large is read.

Only classes of diffusers and transformers are accepted, from folders with the parts' own names: no code of others, and
no paths.
"""

import inspect
from collections.abc import Collection
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from diffusers import DiffusionPipeline, SchedulerMixin
from diffusers.models.modeling_utils import LegacyModelMixin
from transformers import PreTrainedTokenizerBase

from generative_classifiers.io.errors import InputError
from generative_classifiers.models.loading.json_files import read_json
from generative_classifiers.models.loading.model_folders import PIPELINE_INDEX

LIBRARIES = ("diffusers", "transformers")


def pipeline_name(observer: str, folder: Path) -> str:
    """The name of the class of the pipeline in a folder; InputError if its index has none."""
    name = read_json(observer, folder / PIPELINE_INDEX).get("_class_name")
    if not isinstance(name, str):
        file = folder / PIPELINE_INDEX
        raise InputError(f"{observer}: {file}: `_class_name` is {name!r}, expected the name of a class of diffusers")
    return name


def part_classes(
    observer: str, folder: Path, pipeline_class: type[DiffusionPipeline], unused: Collection[str] = ()
) -> dict[str, Any]:
    """Classes of a pipeline's parts, by their names.

    Parameters
    ----------
    observer : str
        For messages.
    folder : Path
        Of the pipeline.
    pipeline_class : type
    unused : collection of str
        Parts that are not loaded.

    Returns
    -------
    dict of str to type

    Raises
    ------
    InputError
        The index lacks a part, or has others, or a part is of a class or library that the pipeline cannot use.
    """
    file = folder / PIPELINE_INDEX
    index = {name: value for name, value in read_json(observer, file).items() if not name.startswith("_")}
    parameters = inspect.signature(pipeline_class.__init__).parameters
    required = [name for name, one in parameters.items() if name != "self" and one.default is one.empty]
    needed = [name for name in required if name not in unused]
    absent = [name for name in needed if index.get(name) in (None, [None, None])]
    if absent:
        raise InputError(f"{observer}: {file} has no {absent[0]}, which a {pipeline_class.__name__} needs")
    strange = [name for name, value in index.items() if _is_part(value) and name not in parameters]
    if strange:
        known = ", ".join(needed)
        raise InputError(f"{observer}: {file} has a part {strange[0]!r}, a {pipeline_class.__name__} has only {known}")
    types = pipeline_class._get_signature_types()
    return {name: _class_of(observer, file, name, index[name], types.get(name, ())) for name in needed}


def _is_part(value: Any) -> bool:
    return isinstance(value, list) and value != [None, None]


def _class_of(observer: str, file: Path, name: str, value: Any, expected: Collection[type]) -> Any:
    """The class that an index names for a part."""
    if not (isinstance(value, list) and len(value) == 2 and all(isinstance(one, str) for one in value)):
        raise InputError(f"{observer}: {file}: {name} is {value!r}, expected the names of a library and of a class")
    library, class_name = value
    found = getattr(import_module(library), class_name, None) if library in LIBRARIES else None
    if not (isinstance(found, type) and hasattr(found, "from_pretrained")):
        libraries = " or ".join(LIBRARIES)
        fault = f"{name} is of class {class_name} of {library}, expected a class of {libraries}"
        raise InputError(f"{observer}: {file}: {fault}")
    expected = _base_classes(name, expected)
    # Classes that diffusers replaces by newer ones when it reads their configuration are accepted, too.
    if not issubclass(found, (*expected, LegacyModelMixin)):
        names = " or ".join(one.__name__ for one in expected)
        raise InputError(f"{observer}: {file}: {name} is of class {class_name}, expected {names}")
    return found


def check_folders(observer: str, folder: Path, parts: Collection[str]) -> None:
    """Raise InputError unless a pipeline has the folders of parts that its index names.

    A pipeline of the hub has them once it is downloaded.
    """
    absent = next((name for name in parts if not (folder / name).is_dir()), None)
    if absent:
        raise InputError(f"{observer}: {folder / PIPELINE_INDEX} names {absent}, but {folder} has no folder {absent}")


def _base_classes(name: str, annotated: Collection[type]) -> tuple[type, ...]:
    """What a part must derive from. Pipelines annotate tokenizers and schedulers too narrowly."""
    if name.startswith("tokenizer"):
        return (PreTrainedTokenizerBase,)
    if name == "scheduler":
        return (SchedulerMixin,)
    networks = tuple(one for one in annotated if isinstance(one, type) and issubclass(one, torch.nn.Module))
    return networks or (torch.nn.Module,)
