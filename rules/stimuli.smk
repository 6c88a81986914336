# Stimuli: downloaded or the user's own, and checked; or rendered in the miniature.


rule download:
    input:
        lambda wildcards: STUDY.local_files(wildcards.content, wildcards.dataset),
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
    script:
        "../scripts/download.py"


rule read_archive:
    input:
        f"{DATA}/downloads/stimuli/{{dataset}}.tsv",
    output:
        f"{DATA}/stimuli/{{dataset}}.zarr/zarr.json",
    log:
        f"{DATA}/logs/read_archive/{{dataset}}.log",
    benchmark:
        f"{DATA}/benchmarks/read_archive/{{dataset}}.tsv"
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
        "../scripts/read_archive.py"


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


use rule download as download_ambiguous_images with:
    input:
        [],
    output:
        f"{DATA}/downloads/ambiguous_images.tsv",
    log:
        f"{DATA}/logs/download_ambiguous_images.log",
    params:
        sources=example_images.sources(STUDY),
        folder=DOWNLOADS,


rule ambiguous_images:
    input:
        rules.download_ambiguous_images.output if example_images.sources(STUDY) else [],
    output:
        f"{DATA}/stimuli/ambiguous_images.zarr/zarr.json",
    log:
        f"{DATA}/logs/ambiguous_images.log",
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        images={name: row.as_params() for name, row in STUDY.ambiguous_images.items()},
        folder=DOWNLOADS,
        world=STUDY.world.as_params() if STUDY.world else None,
    script:
        "../scripts/ambiguous_images.py"
