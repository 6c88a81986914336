# Images: downloaded and checked, or rendered. Which of the two, the study says.


rule download:
    output:
        f"{DATA}/downloads/{{content}}/{{dataset}}.tsv",
    log:
        f"{DATA}/logs/download/{{content}}/{{dataset}}.log",
    wildcard_constraints:
        content="stimuli|decisions",
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=500,
        runtime=60,
    params:
        sources=lambda wildcards: STUDY.sources(wildcards.content, wildcards.dataset),
        folder=DOWNLOADS,
        mirror=STUDY.site.mirror,
    script:
        "../scripts/download.py"


rule release:
    input:
        f"{DATA}/downloads/stimuli/{{dataset}}.tsv",
    output:
        f"{DATA}/stimuli/{{dataset}}.zarr/zarr.json",
    log:
        f"{DATA}/logs/release/{{dataset}}.log",
    benchmark:
        f"{DATA}/benchmarks/release/{{dataset}}.tsv"
    wildcard_constraints:
        dataset=targets.either(STUDY.released),
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        folder=DOWNLOADS,
        levels=lambda wildcards: STUDY.levels(wildcards.dataset),
    script:
        "../scripts/release.py"


rule render:
    output:
        f"{DATA}/stimuli/{{dataset}}.zarr/zarr.json",
    log:
        f"{DATA}/logs/render/{{dataset}}.log",
    benchmark:
        f"{DATA}/benchmarks/render/{{dataset}}.tsv"
    wildcard_constraints:
        dataset=targets.either(STUDY.rendered),
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=1000,
        runtime=15,
    params:
        world=STUDY.world.as_params() if STUDY.world else None,
        levels=lambda wildcards: STUDY.levels(wildcards.dataset),
    script:
        "../scripts/render.py"
