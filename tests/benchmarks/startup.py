"""CPU time of every script until its work begins, next to that of importing the packages of others that it needs.

    python tests/benchmarks/startup.py [script …]

Most of the time of a metric or a figure is imports. The project's own modules should add little to what the packages of
others take: the last column is the ratio of both.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from imports import SCRIPTS, imports

REPEATS = 5
# A script's work begins when it has its job.
BEGIN = "snakemake = job(globals())"
LIST_OWN_MODULES = """
import json, sys
own = [module for name, module in sys.modules.items() if name.partition(".")[0] == "generative_classifiers"]
print(json.dumps([module.__file__ for module in own]))
"""


def run(code):
    """CPU seconds of a Python program, and what it prints."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = os.environ | {"PYTHONPATH": str(SCRIPTS)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def packages_of_others(script, beginning):
    """What the script and the modules that it imports, import from others, in a program of its own."""
    files = [script, *map(Path, json.loads(run(beginning + LIST_OWN_MODULES)[1]))]
    names = dict.fromkeys(name for file in files for name in direct_imports(file))
    return "\n".join(f"try: import {name}\nexcept ImportError: pass" for name in names)


def direct_imports(file):
    """Modules of others that a file imports, in its order; of `from a import b` also `a.b`, which may be none."""
    for name in imports(file, families=False):
        package = name.partition(".")[0]
        if package not in sys.stdlib_module_names and package != SCRIPTS.name and package != "generative_classifiers":
            yield name


def measure(script, repeats=REPEATS):
    """CPU seconds until a script begins to work, and of the packages that it needs: the least of several."""
    beginning, found, _ = script.read_text().partition(BEGIN)
    assert found, f"{script}: expected a line {BEGIN!r}"
    others = packages_of_others(script, beginning)
    # In turn, so that what else the machine does slows down both.
    pairs = [(run(beginning)[0], run(others)[0]) for _ in range(repeats)]
    return [min(column) for column in zip(*pairs, strict=True)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scripts", nargs="*", help="names without .py; by default all")
    parser.add_argument("--repeats", type=int, default=REPEATS)
    given = parser.parse_args()
    scripts = [SCRIPTS / f"{name}.py" for name in given.scripts] or sorted(SCRIPTS.glob("*.py"))
    print(f"{'script':30}{'begins (s)':>12}{'packages (s)':>14}{'ratio':>8}")
    for script in scripts:
        begins, packages = measure(script, given.repeats)
        print(f"{script.stem:30}{begins:12.2f}{packages:14.2f}{begins / packages:8.2f}", flush=True)


if __name__ == "__main__":
    main()
