# Evidence: the loss of every category at every draw, and reconstructions. Only these rules need a GPU. They are preceded
# by the rule `plan`, which says what the evidence would cost.
#
# Evidence is kept in the cache, so an output is only a receipt that says where. The scripts read the study themselves.
# Parameters name what evidence depends on, so that Snakemake runs a job again when one of them has changed. The job itself
# finds out how much of its evidence exists already.

TOGETHER = example_images.reconstructing_observers(STUDY) if STUDY.together else []
SPLIT = split_observers(STUDY)
WHOLE = [name for name in STUDY.models if name not in SPLIT]


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
        stimuli=lambda wildcards: stimuli_of(wildcards.observer, wildcards.dataset),
        weights=lambda wildcards: weights_of(wildcards.observer),
        # Only of evidence that is finished, and was split: see `share_receipts`.
        shares=lambda wildcards: share_receipts(
            STUDY, wildcards.observer, wildcards.dataset
        ),
    output:
        f"{DATA}/evidence/{{observer}}/{{dataset}}.json",
    log:
        f"{DATA}/logs/evidence/{{observer}}/{{dataset}}.log",
    benchmark:
        f"{DATA}/benchmarks/evidence/{{observer}}/{{dataset}}.tsv"
    wildcard_constraints:
        observer=targets.either([] if STUDY.together else WHOLE),
    conda:
        "../envs/models.yaml"
    # The GPU does the work. Without a GPU, each thread scores a shard.
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: attempt * STUDY.memory(wildcards.observer),
        runtime=lambda wildcards, attempt: attempt * 2880,
        gres="gpu:1",
        # With `--resources device=1`, jobs share the only GPU of a workstation one after the other; with device=4, four
        # jobs run side by side on the four GPUs of another.
        device=1,
    params:
        depends_on=lambda wildcards: depends_on(wildcards.observer, wildcards.dataset),
    script:
        "../scripts/evidence.py"


# A share of the images, if the site's settings split observers.
use rule evidence as evidence_share with:
    input:
        stimuli=lambda wildcards: stimuli_of(wildcards.observer, wildcards.dataset),
        weights=lambda wildcards: weights_of(wildcards.observer),
    output:
        f"{DATA}/evidence/{{observer}}/{{dataset}}.shares/{{share}}-of-{{shares}}.json",
    log:
        f"{DATA}/logs/evidence/{{observer}}/{{dataset}}/{{share}}-of-{{shares}}.log",
    benchmark:
        f"{DATA}/benchmarks/evidence/{{observer}}/{{dataset}}/{{share}}-of-{{shares}}.tsv"
    wildcard_constraints:
        share=r"\d+",
        shares=r"\d+",


rule evidence_joined:
    input:
        stimuli=lambda wildcards: stimuli_of(wildcards.observer, wildcards.dataset),
        weights=lambda wildcards: weights_of(wildcards.observer),
        shares=lambda wildcards: share_receipts(
            STUDY, wildcards.observer, wildcards.dataset
        ),
    output:
        f"{DATA}/evidence/{{observer}}/{{dataset}}.json",
    log:
        f"{DATA}/logs/evidence_joined/{{observer}}/{{dataset}}.log",
    wildcard_constraints:
        observer=targets.either(SPLIT),
    localrule: True
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        depends_on=lambda wildcards: depends_on(wildcards.observer, wildcards.dataset),
    script:
        "../scripts/evidence_joined.py"


# Loading a small model takes longer than evaluating a dataset, so that one job does all datasets of an observer.
use rule evidence as evidence_together with:
    input:
        stimuli=lambda wildcards: stimuli_of(wildcards.observer, *STUDY.stimuli),
        weights=lambda wildcards: weights_of(wildcards.observer),
    output:
        [f"{DATA}/evidence/{{observer}}/{dataset}.json" for dataset in STUDY.stimuli],
    log:
        f"{DATA}/logs/evidence_together/{{observer}}.log",
    benchmark:
        f"{DATA}/benchmarks/evidence_together/{{observer}}.tsv"
    wildcard_constraints:
        observer=targets.either(without_views(STUDY.models) if STUDY.together else []),
    threads: 4
    params:
        depends_on=lambda wildcards: depends_on(wildcards.observer, *STUDY.stimuli),


# Observers with a view see the benchmark's datasets only.
use rule evidence_together as evidence_through_views with:
    input:
        stimuli=lambda wildcards: stimuli_of(
            wildcards.observer, *coverage.benchmark_stimuli(STUDY)
        ),
        weights=lambda wildcards: weights_of(wildcards.observer),
    output:
        [
            f"{DATA}/evidence/{{observer}}/{dataset}.json"
            for dataset in coverage.benchmark_stimuli(STUDY)
        ],
    log:
        f"{DATA}/logs/evidence_through_views/{{observer}}.log",
    benchmark:
        f"{DATA}/benchmarks/evidence_through_views/{{observer}}.tsv"
    wildcard_constraints:
        observer=targets.either(
            filter(has_view, STUDY.models) if STUDY.together else []
        ),
    params:
        depends_on=lambda wildcards: depends_on(
            wildcards.observer, *coverage.benchmark_stimuli(STUDY)
        ),


# Reconstructions of single images, which figures 2, 7 and 8 show.
rule example_images:
    input:
        stimulus=lambda wildcards: flagged(
            example_inputs(STUDY, "stimulus", [wildcards.observer])
        ),
        ambiguous_images=lambda wildcards: flagged(
            example_inputs(STUDY, "ambiguous_images", [wildcards.observer])
        ),
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
        mem_mb=lambda wildcards, attempt: attempt * STUDY.memory(wildcards.observer),
        runtime=lambda wildcards, attempt: attempt * 60,
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
        stimulus=lambda wildcards: flagged(example_inputs(STUDY, "stimulus", TOGETHER)),
        ambiguous_images=lambda wildcards: flagged(
            example_inputs(STUDY, "ambiguous_images", TOGETHER)
        ),
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
