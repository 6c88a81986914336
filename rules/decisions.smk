# Decisions of all observers: read from published files, made by simulated observers, or made from evidence.


rule simulate:
    input:
        [targets.store(f"{DATA}/stimuli/{dataset}") for dataset in STUDY.rendered],
    output:
        [
            f"{DATA}/answers/{observer}/{dataset}.csv"
            for dataset in STUDY.rendered
            for observer in STUDY.simulated
        ],
    log:
        f"{DATA}/logs/simulate.log",
    benchmark:
        f"{DATA}/benchmarks/simulate.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        observers={name: row.as_params() for name, row in STUDY.simulated.items()},
        world=STUDY.world.as_params() if STUDY.world else None,
    script:
        "../scripts/simulate.py"


rule decisions:
    input:
        published=lambda wildcards: (
            [f"{DATA}/downloads/decisions/{wildcards.dataset}.tsv"]
            if STUDY.sources("decisions", wildcards.dataset)
            else []
        ),
        simulated=lambda wildcards: [
            f"{DATA}/answers/{observer}/{wildcards.dataset}.csv"
            for observer in STUDY.simulated
        ],
        answers=lambda wildcards: list(STUDY.answers_on(wildcards.dataset).values()),
        evidence=lambda wildcards: [
            targets.receipt(STUDY, observer, wildcards.dataset)
            for observer in coverage.models_on(STUDY, wildcards.dataset)
        ],
        others=lambda wildcards: [
            targets.receipt(STUDY, observer, dataset)
            for dataset in targets.fitted_on(STUDY, wildcards.dataset)
            for observer in targets.with_noise_levels(STUDY)
        ],
    output:
        store=f"{DATA}/decisions/{{dataset}}.zarr/zarr.json",
        table=f"{DATA}/decisions/{{dataset}}.csv",
    log:
        f"{DATA}/logs/decisions/{{dataset}}.log",
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        folder=DOWNLOADS,
        levels=lambda wildcards: STUDY.levels(wildcards.dataset),
        families=lambda wildcards: families_on(wildcards.dataset),
        weighting=STUDY.weighting,
        stimuli=f"{DATA}/stimuli/{{dataset}}.zarr",
    script:
        "../scripts/decisions.py"
