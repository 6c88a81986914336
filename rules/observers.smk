# Who takes part; and whoever is made by the run: networks that it trains, and simulated observers that look at its stimuli.


rule observers:
    log:
        f"{DATA}/logs/observers.log",
    localrule: True
    conda:
        "../envs/models.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    script:
        "../scripts/observers.py"


rule train_cnn:
    output:
        f"{DATA}/weights/{{observer}}/model.safetensors",
    log:
        f"{DATA}/logs/train_cnn/{{observer}}.log",
    benchmark:
        f"{DATA}/benchmarks/train_cnn/{{observer}}.tsv"
    priority: 1
    conda:
        "../envs/models.yaml"
    # One thread here and below, however many cores there are: sums in another order are other weights.
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        row=lambda wildcards: STUDY.matter(wildcards.observer),
        world=STUDY.settings.get("world"),
    script:
        "../scripts/train_cnn.py"


rule train_generative:
    output:
        f"{DATA}/weights/{{observer}}/training.json",
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
        row=lambda wildcards: STUDY.matter(wildcards.observer),
        prompt=STUDY.settings.get("prompt"),
        world=STUDY.settings.get("world"),
    script:
        "../scripts/train_generative.py"


rule simulate:
    input:
        [targets.store(f"{DATA}/stimuli/{dataset}") for dataset in STUDY.rendered],
    output:
        [
            f"{DATA}/answers/{observer}/{dataset}.csv"
            for dataset in STUDY.rendered
            for observer in STUDY.simulated
        ],
    log:
        f"{DATA}/logs/simulate.log",
    benchmark:
        f"{DATA}/benchmarks/simulate.tsv"
    conda:
        "../envs/analysis.yaml"
    resources:
        mem_mb=2000,
        runtime=15,
    params:
        observers=STUDY.simulated,
        world=STUDY.settings.get("world"),
    script:
        "../scripts/simulate.py"
