# Single images, and what models make of them: what figures 2, 7 and 8 show.

TOGETHER = exhibits.painters(STUDY) if STUDY.together else []


use rule download as download_illusions with:
    output:
        f"{DATA}/downloads/illusions.tsv",
    log:
        f"{DATA}/logs/download_illusions.log",
    params:
        sources=exhibits.sources(STUDY),
        folder=DOWNLOADS,
        mirror=config.get("mirror"),


rule illusions:
    input:
        rules.download_illusions.output if exhibits.sources(STUDY) else [],
    output:
        f"{DATA}/stimuli/illusions.zarr/zarr.json",
    log:
        f"{DATA}/logs/illusions.log",
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        study=STUDY.name,
        rows=STUDY.illusions,
        folder=DOWNLOADS,
        world=STUDY.settings.get("world"),
    script:
        "../scripts/illusions.py"


rule exhibit:
    input:
        stimulus=targets.exhibited(STUDY, "stimulus"),
        illusions=targets.exhibited(STUDY, "illusions"),
        weights=lambda wildcards: STUDY.made_weights(wildcards.observer),
    output:
        f"{DATA}/exhibits/{{observer}}.zarr/zarr.json",
    log:
        f"{DATA}/logs/exhibit/{{observer}}.log",
    benchmark:
        f"{DATA}/benchmarks/exhibit/{{observer}}.tsv"
    wildcard_constraints:
        observer=targets.either([] if STUDY.together else exhibits.painters(STUDY)),
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards: STUDY.observers[wildcards.observer].get(
            "mem_mb", 16000
        ),
        runtime=60,
        gres="gpu:1",
        device=1,
    params:
        study=STUDY.name,
        image=exhibits.image(STUDY),
        draw=exhibits.draw(STUDY),
        prompts=exhibits.prompts(STUDY),
        rows=lambda wildcards: {wildcards.observer: STUDY.matter(wildcards.observer)},
        weights=lambda wildcards: [STUDY.weights(wildcards.observer)],
        device=config.get("device"),
        batch_size=config.get("batch_size"),
    script:
        "../scripts/exhibit.py"


# Small models take longer to load than to paint, and the packages behind them longer still: one job for all observers.
use rule exhibit as exhibits_together with:
    input:
        stimulus=targets.exhibited(STUDY, "stimulus"),
        illusions=targets.exhibited(STUDY, "illusions"),
        weights=[path for name in TOGETHER for path in STUDY.made_weights(name)],
    output:
        [targets.store(f"{DATA}/exhibits/{name}") for name in TOGETHER],
    log:
        f"{DATA}/logs/exhibits_together.log",
    benchmark:
        f"{DATA}/benchmarks/exhibits_together.tsv"
    resources:
        mem_mb=2000,
        runtime=60,
        gres="gpu:1",
        device=1,
    params:
        study=STUDY.name,
        image=exhibits.image(STUDY),
        draw=exhibits.draw(STUDY),
        prompts=exhibits.prompts(STUDY),
        rows={name: STUDY.matter(name) for name in TOGETHER},
        weights=[STUDY.weights(name) for name in TOGETHER],
        device=config.get("device"),
        batch_size=config.get("batch_size"),
