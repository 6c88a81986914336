# Networks that the run trains. An interrupted training continues from its last checkpoint, next to the future weights.


# On ImageNet, with one process for each GPU of a node. The other threads load images.
rule train_discriminative:
    input:
        lambda wildcards: training_targets.built_from(
            STUDY.observers[wildcards.observer]
        ),
    output:
        training_targets.weights(STUDY.name, "{observer}"),
    log:
        f"{DATA}/logs/train_discriminative/{{observer}}.log",
    benchmark:
        f"{DATA}/benchmarks/train_discriminative/{{observer}}.tsv"
    wildcard_constraints:
        observer=targets.either(
            training_targets.trained_on(STUDY.observers, "imagenet")
        ),
    conda:
        "../envs/models.yaml"
    threads: 32
    resources:
        mem_mb=lambda wildcards, attempt: attempt * 64000,
        runtime=lambda wildcards, attempt: attempt * 5760,
        gres=lambda wildcards: training_targets.gpus(
            STUDY.observers[wildcards.observer]
        ),
        device=1,
    params:
        row=lambda wildcards: training_targets.settings(
            STUDY.observers[wildcards.observer]
        ),
        world=STUDY.world.as_params() if STUDY.world else None,
    script:
        "../scripts/train_discriminative.py"


# On the world's drawings.
use rule train_discriminative as train_on_world with:
    log:
        f"{DATA}/logs/train_on_world/{{observer}}.log",
    benchmark:
        f"{DATA}/benchmarks/train_on_world/{{observer}}.tsv"
    wildcard_constraints:
        observer=targets.either(training_targets.trained_on(STUDY.observers, "world")),
    priority: 1
    # One thread here and below: several threads add up in another order, which gives other weights.
    threads: 1
    resources:
        mem_mb=2000,
        runtime=240,


rule train_generative:
    output:
        training_targets.record(STUDY.name, "{observer}"),
    log:
        f"{DATA}/logs/train_generative/{{observer}}.log",
    benchmark:
        f"{DATA}/benchmarks/train_generative/{{observer}}.tsv"
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=600,
    params:
        observer=lambda wildcards: training_targets.settings(
            STUDY.observers[wildcards.observer]
        ),
        prompt=lambda wildcards: STUDY.settings.prompt,
        world=STUDY.world.as_params() if STUDY.world else None,
    script:
        "../scripts/train_generative.py"
