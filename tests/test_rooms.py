"""The order of the house: which package may import which, and what lies where."""

import importlib.metadata
import sys

import pytest

from imports import LIBRARY, SCRIPTS, imports

# In the order of the data: a package imports only packages that stand before it.
ROOMS = (
    "io", "study", "stimuli", "draws", "models", "training", "evidence", "decisions", "metrics", "figures", "cli",
)  # fmt: skip
LONGEST = 300  # lines


def rooms_used(path):
    """Packages of the library that a module imports, by the position of each in the order."""
    names = [name.split(".") for name in imports(path, everywhere=True)]
    used = {parts[1] for parts in names if parts[0] == LIBRARY.name and len(parts) > 1}
    return {room: ROOMS.index(room) for room in used}


def test_the_rooms_are_all_there_are():
    assert sorted(ROOMS) == sorted(path.parent.name for path in LIBRARY.glob("*/__init__.py"))
    assert sorted(path.name for path in LIBRARY.glob("*.py")) == ["__init__.py", "__main__.py"]


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_rooms_before_it(room):
    modules = sorted((LIBRARY / room).rglob("*.py"))
    assert modules
    later = {
        str(path.relative_to(LIBRARY)): used
        for path in modules
        for used, position in rooms_used(path).items()
        if position > ROOMS.index(room)
    }
    assert not later


def test_no_module_is_long():
    modules = [*LIBRARY.rglob("*.py"), *SCRIPTS.glob("*.py")]
    lengths = {str(path.relative_to(SCRIPTS)): len(path.read_text().splitlines()) for path in modules}
    assert not {name: lines for name, lines in lengths.items() if lines > LONGEST}


def test_no_script_bears_the_name_of_a_library():
    """Scripts are on the path of each other: one with the name of a library would be imported in its place."""
    libraries = importlib.metadata.packages_distributions().keys() | sys.stdlib_module_names
    assert not {path.stem for path in SCRIPTS.glob("*.py")} & libraries
