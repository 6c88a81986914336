# Single images, and what models make of them: what figures 2, 7 and 8 show.

TOGETHER = example_images.reconstructing_observers(STUDY) if STUDY.together else []


use rule download as download_ambiguous_images with:
    output:
        f"{DATA}/downloads/ambiguous_images.tsv",
    log:
        f"{DATA}/logs/download_ambiguous_images.log",
    params:
        sources=example_images.sources(STUDY),
        folder=DOWNLOADS,
        mirror=STUDY.site.mirror,


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


rule example_images:
    input:
        stimulus=targets.example_store(STUDY, "stimulus"),
        ambiguous_images=targets.example_store(STUDY, "ambiguous_images"),
        weights=lambda wildcards: STUDY.made_weights(wildcards.observer),
    output:
        f"{DATA}/examples/{{observer}}.zarr/zarr.json",
    log:
        f"{DATA}/logs/example_images/{{observer}}.log",
    benchmark:
        f"{DATA}/benchmarks/example_images/{{observer}}.tsv"
    wildcard_constraints:
        observer=targets.either(
            [] if STUDY.together else example_images.reconstructing_observers(STUDY)
        ),
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards: STUDY.memory(wildcards.observer),
        runtime=60,
        gres="gpu:1",
        device=1,
    params:
        image=example_images.image(STUDY),
        draw=example_images.draw(STUDY),
        prompts=example_images.prompts(STUDY),
        observers=lambda wildcards: [STUDY.decisive(wildcards.observer)],
    script:
        "../scripts/example_images.py"


# Small models take longer to load than to paint, and the packages behind them longer still: one job for all observers.
use rule example_images as example_images_together with:
    input:
        stimulus=targets.example_store(STUDY, "stimulus"),
        ambiguous_images=targets.example_store(STUDY, "ambiguous_images"),
        weights=[path for name in TOGETHER for path in STUDY.made_weights(name)],
    output:
        [targets.store(f"{DATA}/examples/{name}") for name in TOGETHER],
    log:
        f"{DATA}/logs/example_images_together.log",
    benchmark:
        f"{DATA}/benchmarks/example_images_together.tsv"
    resources:
        mem_mb=2000,
        runtime=60,
        gres="gpu:1",
        device=1,
    params:
        image=example_images.image(STUDY),
        draw=example_images.draw(STUDY),
        prompts=example_images.prompts(STUDY),
        observers=[STUDY.decisive(name) for name in TOGETHER],
