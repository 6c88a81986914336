# The loss of every category at every draw. The one stage that needs a GPU, and the one that is never repeated by accident:
# what is there is told by the store's own fingerprint.


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
        mem_mb=lambda wildcards: STUDY.observers[wildcards.observer].get(
            "mem_mb", 16000
        ),
        runtime=2880,
        gres="gpu:1",
        # On a workstation with one GPU: --resources device=1 runs one job at a time.
        device=1,
    params:
        study=STUDY.name,
        settings=lambda wildcards: STUDY.evidence_of(wildcards.observer),
        prompts=STUDY.prompts,
        row=lambda wildcards: STUDY.evidence_settings(wildcards.observer),
        weights=lambda wildcards: STUDY.weights(wildcards.observer),
        device=config.get("device"),
        batch_size=config.get("batch_size"),
        compile=config.get("compile", False),
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
