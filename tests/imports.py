"""What Python files import, read from their text."""

import ast
import sys
from pathlib import Path

TESTS = Path(__file__).parent
SCRIPTS = TESTS.parent / "scripts"
LIBRARY = SCRIPTS / "generative_classifiers"


def imports(path, everywhere=False, families=True):
    """Names of what a file imports.

    Parameters
    ----------
    path : Path
    everywhere : bool
        Also inside functions; by default only what is imported when the file is run.
    families : bool
        Of `models`, also the modules of the families, which it imports by name when a model is loaded.

    Yields
    ------
    str
        Of `from a import b` both `a` and `a.b`, since `b` may be a module.
    """
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree) if everywhere else tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
    if families and path == LIBRARY / "models/__init__.py":
        for file in (LIBRARY / "models").rglob("[a-z]*.py"):
            yield ".".join(file.relative_to(SCRIPTS).with_suffix("").parts)


def source(module):
    """The file of one of the project's own modules, or None."""
    places = [folder.joinpath(*module.split(".")) for folder in (SCRIPTS, TESTS)]
    files = [file for place in places for file in (place.with_suffix(".py"), place / "__init__.py")]
    return next((file for file in files if file.is_file()), None)


def packages(path):
    """Top-level packages of others that a file needs, through whichever of the project's own modules."""
    seen, waiting, others = {path}, [path], set()
    while waiting:
        for module in imports(waiting.pop()):
            own = source(module)
            if own is None and not module.startswith("generative_classifiers"):
                others.add(module.partition(".")[0])
            elif own and own not in seen:
                seen.add(own)
                waiting.append(own)
    return others - sys.stdlib_module_names
