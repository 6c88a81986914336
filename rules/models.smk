# Models: which observers take part in the study, and whether their weights are available.


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
