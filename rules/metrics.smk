# Decisions -> metrics. Each is a store, and the same numbers as a tidy CSV next to it.

CELLS = {
    "conditions": {name: list(row.conditions) for name, row in STUDY.datasets.items()},
    "excluded": {name: list(row.not_averaged) for name, row in STUDY.datasets.items()},
}


rule accuracy:
    input:
        decisions=targets.decisions(STUDY),
    output:
        store=f"{DATA}/metrics/accuracy.zarr/zarr.json",
        table=f"{DATA}/metrics/accuracy.csv",
    log:
        f"{DATA}/logs/accuracy.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **CELLS,
        study=STUDY.folder,
    script:
        "../scripts/accuracy.py"


rule consistency:
    input:
        decisions=rules.accuracy.input.decisions,
    output:
        store=f"{DATA}/metrics/consistency.zarr/zarr.json",
        table=f"{DATA}/metrics/consistency.csv",
    log:
        f"{DATA}/logs/consistency.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        **CELLS,
        study=STUDY.folder,
    script:
        "../scripts/consistency.py"


rule shape_bias:
    input:
        decisions=f"{DATA}/decisions/cue-conflict.zarr/zarr.json",
    output:
        store=f"{DATA}/metrics/shape_bias.zarr/zarr.json",
        table=f"{DATA}/metrics/shape_bias.csv",
    log:
        f"{DATA}/logs/shape_bias.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        study=STUDY.folder,
        reference=STUDY.reference,
    script:
        "../scripts/shape_bias.py"


rule benchmark:
    input:
        decisions=rules.accuracy.input.decisions,
    output:
        store=f"{DATA}/metrics/benchmark.zarr/zarr.json",
        table=f"{DATA}/metrics/benchmark.csv",
        # The numbers that it averages.
        conditions=f"{DATA}/metrics/conditions.zarr/zarr.json",
        conditions_table=f"{DATA}/metrics/conditions.csv",
    log:
        f"{DATA}/logs/benchmark.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        **CELLS,
        study=STUDY.folder,
        reference=STUDY.reference,
    script:
        "../scripts/benchmark.py"


rule comparisons:
    input:
        decisions=rules.accuracy.input.decisions,
    output:
        store=f"{DATA}/metrics/comparisons.zarr/zarr.json",
        table=f"{DATA}/metrics/comparisons.csv",
    log:
        f"{DATA}/logs/comparisons.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **CELLS,
        study=STUDY.folder,
    script:
        "../scripts/comparisons.py"


rule ranking:
    input:
        rules.benchmark.output.store,
    output:
        store=f"{DATA}/metrics/ranking.zarr/zarr.json",
        table=f"{DATA}/metrics/ranking.csv",
    log:
        f"{DATA}/logs/ranking.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        study=STUDY.folder,
        published=STUDY.published,
    script:
        "../scripts/ranking.py"
