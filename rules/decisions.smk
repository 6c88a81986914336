# Decisions of all observers: read from published answers, or made from evidence.


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
            targets.store(f"{DATA}/evidence/{observer}/{wildcards.dataset}")
            for observer in STUDY.models
            if wildcards.dataset in STUDY.stimuli
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
        families={name: row.family for name, row in STUDY.observers.items()},
        weighting=STUDY.weighting,
    script:
        "../scripts/decisions.py"
