# Evidence: the loss of every category at every draw, and reconstructions. Only these rules need a GPU. They are preceded
# by the rule `plan`, which says what the evidence would cost.
#
# The scripts read the study themselves. Parameters name what their outputs depend on, so that Snakemake runs a job again
# when one of them has changed. The job itself finds out how much of its evidence exists already.

TOGETHER = example_images.reconstructing_observers(STUDY) if STUDY.together else []


rule plan:
    log:
        f"{DATA}/logs/plan.log",
    localrule: True
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    script:
        "../scripts/plan.py"


rule evidence:
    input:
        stimuli=[f"{DATA}/stimuli/{{dataset}}.zarr/zarr.json"],
        weights=lambda wildcards: STUDY.made_weights(wildcards.observer),
    output:
        f"{DATA}/evidence/{{observer}}/{{dataset}}.zarr/zarr.json",
    log:
        f"{DATA}/logs/evidence/{{observer}}/{{dataset}}.log",
    benchmark:
        f"{DATA}/benchmarks/evidence/{{observer}}/{{dataset}}.tsv"
    wildcard_constraints:
        observer=targets.either([] if STUDY.together else STUDY.models),
    conda:
        "../envs/models.yaml"
    # The GPU does the work. Without a GPU, each thread scores a shard.
    threads: 1
    resources:
        mem_mb=lambda wildcards: STUDY.memory(wildcards.observer),
        runtime=2880,
        gres="gpu:1",
        # With `--resources device=1`, jobs share the only GPU of a workstation one after the other.
        device=1,
    params:
        settings=lambda wildcards: STUDY.evidence_settings(wildcards.observer),
        prompts=STUDY.prompts,
        observer=lambda wildcards: STUDY.decisive(wildcards.observer),
        weights=lambda wildcards: STUDY.weights(wildcards.observer),
    script:
        "../scripts/evidence.py"


# Loading a small model takes longer than evaluating a dataset, so that one job does all datasets of an observer.
use rule evidence as evidence_together with:
    input:
        stimuli=[
            targets.store(f"{DATA}/stimuli/{dataset}") for dataset in STUDY.stimuli
        ],
        weights=lambda wildcards: STUDY.made_weights(wildcards.observer),
    output:
        [
            f"{DATA}/evidence/{{observer}}/{dataset}.zarr/zarr.json"
            for dataset in STUDY.stimuli
        ],
    log:
        f"{DATA}/logs/evidence_together/{{observer}}.log",
    benchmark:
        f"{DATA}/benchmarks/evidence_together/{{observer}}.tsv"
    wildcard_constraints:
        observer=targets.either(STUDY.models if STUDY.together else []),
    threads: 4


# Reconstructions of single images, which figures 2, 7 and 8 show.
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


# Small models reconstruct the images in less time than it takes to load them, so that one job does all observers.
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
