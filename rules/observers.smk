# Who takes part; and simulated observers, who look at the run's stimuli.


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
        observers={name: row.as_params() for name, row in STUDY.simulated.items()},
        world=STUDY.world.as_params() if STUDY.world else None,
    script:
        "../scripts/simulate.py"
