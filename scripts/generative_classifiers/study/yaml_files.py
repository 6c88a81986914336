"""YAML files: read with every key once, and with the line of every key at hand for errors."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from generative_classifiers.io.errors import InputError
from generative_classifiers.io.texts import read_text

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST = 100  # lists and mappings inside each other
LARGEST = 1_000_000  # values, counted as often as aliases repeat them
_MERGE = "tag:yaml.org,2002:merge"  # `<<: *anchor`
_INTEGER = "tag:yaml.org,2002:int"


class YamlFile:
    """The content of a YAML file, and where its keys are.

    Parameters
    ----------
    path : Path
    root : Path
        Of the project: errors name the file relative to it.

    Attributes
    ----------
    name : str
        The file's name in errors.
    content : dict, list, str, int, float, bool or None
        What the file says.

    Raises
    ------
    InputError
        If the file cannot be read, is not valid YAML, or has a key twice in one mapping.
    """

    def __init__(self, path: Path, root: Path) -> None:
        path = Path(path)
        self.name = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
        text = read_text(path, "a YAML file", self.name)
        loader = _Loader(text)
        try:
            _refuse_depth(text, self.name)
            self._node = loader.get_single_node()
            _refuse_repeats(self._node, self.name)
            _refuse_size(self._node, self.name)
            _refuse_other_numbers(self._node, self.name)
            self.content: Any = loader.construct_document(self._node) if self._node else None
        except InputError:
            raise
        # Values that are not what their form or their tag says can raise any of the others.
        except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise InputError(f"{self.name}: not valid YAML: {' '.join(str(error).split())}") from None
        finally:
            loader.dispose()

    def where(self, *keys: str | int) -> str:
        """The file, the line and the keys of a place, for the beginning of an error.

        Where the last keys are missing from the file, the line is that of the mapping which lacks them.
        """
        line = self._line(keys)
        place = f"{self.name}, line {line}" if line else self.name
        return ": ".join([place, *([".".join(map(str, keys))] if keys else [])])

    def _line(self, keys: tuple[str | int, ...]) -> int | None:
        node, line = self._node, None
        for key in keys:
            found = _child(node, key)
            if found is None:
                break
            line, node = found
        return line


def _refuse_depth(text: str, name: str) -> None:
    """Raise InputError for lists in lists without end, on which YAML's reader in C would crash."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            line = event.start_mark.line + 1
            raise InputError(f"{name}, line {line}: expected at most {DEEPEST} lists or keys inside each other")


def _refuse_size(node: yaml.Node | None, name: str) -> None:
    """Raise InputError where few lines stand for very much, through aliases of aliases."""
    if _size(node, {}) > LARGEST:
        raise InputError(f"{name}: expected at most {LARGEST:,} values, found more: its aliases repeat too much")


def _size(node: yaml.Node | None, sizes: dict[int, float]) -> float:
    """Number of values in a node, each counted as often as aliases repeat it; infinite if it contains itself."""
    if not isinstance(node, yaml.CollectionNode):
        return 1
    if id(node) not in sizes:
        sizes[id(node)] = math.inf  # for as long as it is being counted: until then only it itself can ask
        pairs = isinstance(node, yaml.MappingNode)
        parts = [part for pair in node.value for part in pair] if pairs else node.value
        sizes[id(node)] = 1 + sum(_size(part, sizes) for part in parts)
    return sizes[id(node)]


def _nodes(node: yaml.Node | None) -> Iterator[yaml.Node]:
    """Each node once, though an anchor's node comes again with every alias. A container comes before its parts."""
    seen, waiting = set(), [node] if node else []
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        if isinstance(current, yaml.SequenceNode):
            waiting.extend(current.value)
        elif isinstance(current, yaml.MappingNode):
            waiting.extend(part for pair in current.value for part in pair)


def _refuse_repeats(node: yaml.Node | None, name: str) -> None:
    """Raise InputError for a key that stands twice in one mapping: YAML's reader would keep the last silently."""
    for current in _nodes(node):
        if not isinstance(current, yaml.MappingNode):
            continue
        lines: dict[str, int] = {}
        for key, _ in current.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise InputError(f"{name}, line {line}: expected a text as a key, found a list or keys with values")
            if key.value in lines and key.tag != _MERGE:
                raise InputError(
                    f"{name}, line {line}: key {key.value!r} stands here again, expected once "
                    f"(it is in line {lines[key.value]} too)"
                )
            lines[key.value] = line


def _refuse_other_numbers(node: yaml.Node | None, name: str) -> None:
    """Raise InputError for what YAML 1.1 reads as another whole number than people do: 1:30 as 90, and 010 as 8."""
    for current in _nodes(node):
        is_number = isinstance(current, yaml.ScalarNode) and current.tag == _INTEGER
        if is_number and not re.fullmatch(r"[-+]?(0|[1-9][0-9]*)", current.value):
            where = f"{name}, line {current.start_mark.line + 1}"
            raise InputError(f"{where}: expected a decimal number or a text in quotes, found {current.value}")


def _child(node: yaml.Node | None, key: str | int) -> tuple[int, yaml.Node] | None:
    """Line and node of a key or of an item's number; None if the node has no such part."""
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        item = node.value[key]
        return item.start_mark.line + 1, item
    if not isinstance(node, yaml.MappingNode):
        return None
    for name, value in node.value:
        if name.value == str(key) and name.tag != _MERGE:
            return name.start_mark.line + 1, value
    merged = [value for name, value in node.value if name.tag == _MERGE]
    for value in merged:
        for part in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            found = _child(part, key)
            if found:
                return found
    return None
