"""How long Snakemake plans a study of many jobs, and how much memory that takes.

python tests/benchmarks/planning.py --config study=paper images_per_job=124
"""

import re
import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def plan(*arguments):
    """What a dry run prints."""
    command = [sys.executable, "-m", "snakemake", "-n", *arguments]
    run = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(run.stdout + run.stderr)
    return run.stdout


def main():
    """Measure one plan, with the options of the command line."""
    begin = time.monotonic()
    jobs = int(re.search(r"^total +(\d+)$", plan(*sys.argv[1:]), re.M)[1])
    seconds, used = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = used.ru_utime + used.ru_stime
    print(f"{jobs:,} jobs: {processor:.1f} CPU-seconds, {seconds:.1f} seconds, {used.ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
