"""What kills at random moments leave: of evidence in shares, decisions, metrics, figures, archives and downloads.

Each kind of work is forked again and again, and killed after a random time. Now and then it may end, and its files are
then compared with those of a run that nobody has killed. Prints the counts.

Usage: python tests/benchmarks/kills.py <project> [--study tiny] [--kills 500] [--seed 0]
The project is a copy in which the study has run, such as `small_studies.tiny_project` makes.
"""
# ruff: noqa: E402, since the library's place is known only then

import argparse
import hashlib
import math
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

# The library of the project that is measured, since its place is where studies are looked for.
sys.path[:0] = [str(Path(sys.argv[1], "scripts").absolute()), str(Path(__file__).parents[1])]

from conftest import serving
from generative_classifiers.cli.arguments import study_of
from generative_classifiers.evidence.archive import archive
from generative_classifiers.evidence.cache import entry_path
from generative_classifiers.evidence.entry import PROVENANCE, Entry
from generative_classifiers.evidence.job import fill
from generative_classifiers.evidence.request import request_evidence
from generative_classifiers.stimuli.downloads import fetch
from killed_often import stimuli
from study_jobs import jobs_of, run
from test_evidence import FakeModel

IMAGES, SHARD, SHARES, FILES = 96, 4, 3, 12
ENDING = 4  # one run in so many may end


class Work:
    """Work that is killed: several processes side by side, and the files that it makes."""

    def __init__(self, name, processes, places):
        self.name, self.processes, self.places = name, processes, [Path(place) for place in places]
        self.seconds = math.inf
        self.finish()
        self.expected = self.files()

    def files(self):
        """Content by path of what the work makes, without the notes of how shards were evaluated."""
        paths = [path for place in self.places for path in (place, *place.rglob("*")) if path.is_file()]
        left_out = {PROVENANCE, ".locks", ".staging"}
        return {str(path): path.read_bytes() for path in paths if not left_out & set(path.parts)}

    def start(self):
        """Start all processes."""
        return [_fork(process) for process in self.processes]

    def finish(self):
        """Let all processes end."""
        started = time.monotonic()
        for child in self.start():
            _, status = os.waitpid(child, 0)
            assert status == 0, self.name
        self.seconds = min(self.seconds, time.monotonic() - started)  # others may slow the machine down

    def clear(self):
        """Remove what the work makes, as before the first run."""
        for place in self.places:
            shutil.rmtree(place) if place.is_dir() else place.unlink(missing_ok=True)


def _fork(process):
    child = os.fork()
    if child == 0:
        try:
            sys.stderr = sys.stdout = open(os.devnull, "w")  # noqa: SIM115, since the process ends
            process()
            os._exit(0)
        except BaseException:
            traceback.print_exc(file=sys.__stderr__)
            os._exit(1)
    return child


def torment(work, kills, chance, begin_anew):
    """Kill work so many times; gives the numbers of kills and of files that differ at the end of a run."""
    killed = differing = 0
    while killed < kills:
        if begin_anew(chance):
            work.clear()
        children = work.start()
        time.sleep(chance.uniform(0, 1.2 * work.seconds))
        for child in chance.sample(children, chance.randint(1, len(children))):
            ended, _ = os.waitpid(child, os.WNOHANG)
            if not ended:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                killed += 1
            children.remove(child)
        for child in children:
            os.waitpid(child, 0)
        if chance.randrange(ENDING) == 0 or killed >= kills:
            work.finish()
            found = work.files()
            paths = found.keys() | work.expected.keys()
            differing += sum(found.get(path) != work.expected.get(path) for path in paths)
    return killed, differing


def shares_of_evidence(folder, log):
    """Jobs that fill one entry of a cache together, and log the shards that they evaluate."""
    images = stimuli(IMAGES)

    def share(number):
        model = FakeModel(weights="abc")
        evaluate = model.evaluate

        def logged(pixels, names, *rest, **more):
            with log.open("a") as file:
                file.write(f"{names[0]}\n")
            return evaluate(pixels, names, *rest, **more)

        model.evaluate = logged
        request = request_evidence(model, images, observer="fake", dataset="random", count=4, reconstruct=1)
        entry = Entry.create(entry_path(folder, request), request, SHARD)
        fill(entry, model, images, request, share=(number, SHARES), progress=False)

    return [lambda number=number: share(number) for number in range(SHARES)]


def all_work(project, study, folder, address):
    """The kinds of work, each with its share of the kills."""
    jobs = jobs_of(project, study)

    def of_jobs(name, *chosen):
        places = [
            Path(path).parent if path.endswith("zarr.json") else path
            for one in chosen
            for path in map(str, jobs[one].output)
        ]
        return Work(name, [lambda one=one: run(jobs[one]) for one in chosen], places)

    def downloads():
        for number in range(FILES):
            sha256 = None if number % 2 else _sum(number)
            fetch(f"https://files.org/{number}.csv", sha256, folder / "down", address, progress=False)

    data = f"data/{study}"
    out = folder / "a.zip"
    parts = {"date": "2026-01-01", "licence": "https://a.org/", "progress": False}
    return {
        "decisions": (of_jobs("decisions", f"{data}/decisions/colour.zarr/zarr.json"), 0.16),
        "metrics": (of_jobs("metrics", f"{data}/metrics/accuracy.zarr/zarr.json"), 0.16),
        "figures": (of_jobs("figures", f"figures/{study}/figure_09.png"), 0.1),
        "archive": (Work("archive", [lambda: archive(study_of(study, Path()), out, Path(), **parts)], [out]), 0.1),
        "downloads": (Work("downloads", [downloads] * 2, [folder / "down"]), 0.18),
    }


def _content(number):
    header = b"subj,session,trial,rt,object_response,category,condition,imagename\n"
    return header + b"a,1,1,NaN,cat,cat,0,cat1.png\n" * (20_000 + number)


def _sum(number):
    return hashlib.sha256(_content(number)).hexdigest()


def main():
    """Count what kills leave."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("project", type=Path)
    options.add_argument("--study", default="tiny")
    options.add_argument("--kills", type=int, default=500)
    options.add_argument("--seed", type=int, default=0)
    given = options.parse_args()
    chance, total = random.Random(given.seed), Counter()
    with tempfile.TemporaryDirectory() as name:
        folder, log = Path(name), Path(name, "log")
        upstream = folder / "upstream/files.org"
        upstream.mkdir(parents=True)
        for number in range(FILES):
            (upstream / f"{number}.csv").write_bytes(_content(number))
        with serving(folder / "upstream") as (address, _):
            for kind, (work, share) in all_work(given.project, given.study, folder, address).items():
                killed, differing = torment(work, round(share * given.kills), chance, lambda lot: lot.random() < 0.3)
                print(f"{kind:10} {killed:4} kills, {differing} files differ", flush=True)
                total += Counter(kills=killed, differing=differing)
        work = Work("evidence", shares_of_evidence(folder / "cache", log), [folder / "cache"])
        killed = repeated = 0
        while killed < given.kills - total["kills"]:
            work.clear()
            log.unlink()
            now, differing = torment(work, chance.randint(1, 12), chance, lambda _: False)
            again = len(log.read_text().splitlines()) - IMAGES // SHARD
            assert again <= now, f"{again} shards repeated after {now} kills"
            killed, repeated = killed + now, repeated + again
            total["differing"] += differing
        print(f"evidence   {killed:4} kills, {repeated} shards repeated", flush=True)
    print(f"{total['kills'] + killed} kills, {total['differing']} files differ")


if __name__ == "__main__":
    main()
