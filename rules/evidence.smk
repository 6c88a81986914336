# The loss of every category at every draw: the one stage that needs a GPU. The job itself finds out what its store already has.


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
    # The GPU works; where there is none, threads take a shard each.
    threads: 1
    resources:
        mem_mb=lambda wildcards: STUDY.memory(wildcards.observer),
        runtime=2880,
        gres="gpu:1",
        # On a workstation with one GPU: --resources device=1 runs one job at a time.
        device=1,
    params:
        # What the losses depend on: the script reads the study itself, and Snakemake reruns the job when these change.
        settings=lambda wildcards: STUDY.evidence_settings(wildcards.observer),
        prompts=STUDY.prompts,
        observer=lambda wildcards: STUDY.decisive(wildcards.observer),
        weights=lambda wildcards: STUDY.weights(wildcards.observer),
    script:
        "../scripts/evidence.py"


# Small models take longer to load than to evaluate a dataset: one job for all datasets of an observer.
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
