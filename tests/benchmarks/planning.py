"""How long Snakemake plans a study of many jobs, and how much memory that takes: `snakemake -n --quiet`.

    python tests/benchmarks/planning.py --config study=paper images_per_job=124

Options are passed to snakemake. `snakemake -n` with the same options prints how many jobs there are.
"""

import resource
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]


def main():
    """Measure one plan."""
    command = [sys.executable, "-m", "snakemake", "-n", "--quiet", *sys.argv[1:]]
    begin = time.monotonic()
    run = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(run.stdout + run.stderr)
    seconds, used = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = used.ru_utime + used.ru_stime
    print(f"{processor:.1f} CPU-seconds, {seconds:.1f} seconds, {used.ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
