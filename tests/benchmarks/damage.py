"""How damage of a study's stores is noticed: files are deleted, truncated or get a flipped bit, one at a time.

After each fault, the job that reads the store next is run, then the job that the message of the error names, and all
files are compared with what they were. Prints the counts.

Usage: python tests/benchmarks/damage.py <project> [--study tiny] [--faults 300] [--seed 0]
The project is a copy in which the study has run, such as `small_studies.tiny_project` makes; all faults are mended.
"""
# ruff: noqa: E402, since the library's place is known only then

import argparse
import contextlib
import io
import random
import shutil
import sys
from collections import Counter
from pathlib import Path

import torch

# The library of the project that is measured, since its place is where studies are looked for.
sys.path[:0] = [str(Path(sys.argv[1], "scripts").absolute()), str(Path(__file__).parents[1])]

import small_stores
from generative_classifiers.cli.figure_stores import describe
from generative_classifiers.figures.provenance import read_provenance
from generative_classifiers.io import stores
from generative_classifiers.io.errors import InputError
from study_jobs import jobs_of, run
from test_damaged_stores import damage


class Measurement:
    """A finished study, and what becomes of it after faults."""

    def __init__(self, project, study, seed):
        self.jobs, self.data, self.chance = jobs_of(project, study), Path("data", study), random.Random(seed)
        self.cache, self.counts = Path("data/evidence"), Counter()
        stores.write(small_stores.examples(), self.data / "examples/made.zarr")
        self.kinds = {name: sorted(self.data.glob(f"{name}/*.zarr")) for name in ("stimuli", "decisions", "metrics")}
        self.kinds |= {"examples": [self.data / "examples/made.zarr"], "evidence": sorted(self.cache.glob("*/*.zarr"))}
        self.links = sorted(self.data.glob("evidence/*/*.zarr"))

    def fault(self):
        """Damage a file of some kind, and see what happens."""
        kind = self.chance.choice([*self.kinds, "receipts", "links"])
        if kind in ("receipts", "links"):
            link = self.chance.choice(self.links)
            path, store = (link, link) if kind == "links" else (link.with_suffix(".json"), link)
        else:
            store = self.chance.choice(self.kinds[kind])
            path = self.chance.choice(sorted(file for file in store.rglob("*") if file.is_file()))
        before = self._content()
        done = self._retarget(path) if kind == "links" else damage(path, self.chance)
        part = "provenance" if path.parent.name == "provenance" else kind
        outcome = self._outcome(kind, store, path, before)
        self.counts[part, outcome] += 1
        if outcome not in ("refused, exactly repaired", "refused", "no value changed"):
            print(part, path, done, outcome, flush=True)
        self._restore(before)

    def _outcome(self, kind, store, path, before):
        link = self._link_of(store) if kind == "evidence" else store
        message = self._complaint(lambda: self._read(kind, store, link))
        if message is None:
            after = self._content()
            same = {name for name in before if after.get(name) == before[name]} | {str(path)}
            return "no value changed" if same >= before.keys() else "SILENTLY CHANGED"
        if "\n" in message or (str(store) not in message and str(link) not in message and str(path) not in message):
            return f"UNCLEAR: {message}"
        made_by = f"{link.with_suffix('.json')}" if kind in ("evidence", "receipts", "links") else f"{store}/zarr.json"
        if kind == "examples" or made_by not in self.jobs:
            return "refused"
        if made_by not in message and kind != "receipts":
            return f"WITHOUT COMMAND: {message}"
        if kind == "receipts":  # Snakemake deletes the output of a job before it runs
            path.unlink(missing_ok=True)
        complaint = self._complaint(lambda: run(self.jobs[made_by]))
        same = self._content(without_notes=True) == {k: v for k, v in before.items() if "/provenance/" not in k}
        return "refused, exactly repaired" if complaint is None and same else f"NOT REPAIRED: {message} / {complaint}"

    def _read(self, kind, store, link):
        """Run the job that reads a store next."""
        if kind in ("evidence", "receipts", "links"):
            run(self.jobs[f"{self.data}/decisions/{link.stem}.zarr/zarr.json"])
            if kind == "evidence":
                figure = next(Path("figures", self.data.name).glob("figure_12.png"))
                describe(figure, read_provenance(figure))
        elif kind in ("decisions", "metrics"):
            readers = [job for job in self.jobs.values() if f"{store}/zarr.json" in map(str, job.input)]
            run(self.chance.choice(readers)) if readers else stores.read(store)
        else:
            stores.read(store)

    def _complaint(self, work):
        quiet = io.StringIO()
        try:
            with contextlib.redirect_stderr(quiet), contextlib.redirect_stdout(quiet):
                work()
        except InputError as error:
            return str(error)
        except Exception as error:  # the message shows it as unclear
            return f"{type(error).__name__}:\n{error}"
        return None

    def _link_of(self, entry):
        return next((link for link in self.links if link.resolve() == entry.resolve()), entry)

    def _retarget(self, link):
        """Let a link lead to another store, or nowhere."""
        others = [other.resolve() for other in self.links if other != link]
        link.unlink()
        if self.chance.random() < 0.7:
            link.symlink_to(self.chance.choice([*others, Path("nowhere").absolute()]))
        return "another target"

    def _content(self, without_notes=False):
        """Content by path of the study's files, of the cache, and of links where they lead."""
        places = [*self.data.rglob("*"), *self.cache.rglob("*"), *Path("figures", self.data.name).rglob("*")]
        found = {str(path): _bytes(path) for path in places if path.is_symlink() or path.is_file()}
        left_out = ("logs", "benchmarks", ".locks")
        kept = {name: content for name, content in found.items() if not set(left_out) & set(Path(name).parts)}
        return {name: content for name, content in kept.items() if not (without_notes and "/provenance/" in name)}

    def _restore(self, before):
        for name in self._content().keys() - before.keys():
            Path(name).unlink()
        for name, content in before.items():
            path = Path(name)
            if not os_same(path, content):
                if path.is_symlink() or path.is_file():
                    path.unlink()
                elif path.is_dir():
                    shutil.rmtree(path)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.symlink_to(content) if isinstance(content, Path) else path.write_bytes(content)


def _bytes(path):
    return path.readlink() if path.is_symlink() else path.read_bytes()


def os_same(path, content):
    """Whether a file or a link has some content."""
    return (path.is_symlink() or path.is_file()) and _bytes(path) == content


def main():
    """Count what becomes of faults."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("project", type=Path)
    options.add_argument("--study", default="tiny")
    options.add_argument("--faults", type=int, default=300)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    torch.set_num_threads(1)
    measurement = Measurement(given.project, given.study, given.seed)
    for number in range(given.faults):
        measurement.fault()
        if (number + 1) % 50 == 0:
            print(number + 1, dict(Counter(key[1] for key in measurement.counts.elements())), flush=True)
    for (kind, outcome), count in sorted(measurement.counts.items()):
        print(f"{kind:12} {count:4}  {outcome}")


if __name__ == "__main__":
    main()
