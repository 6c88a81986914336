# What the study's evidence would cost: nothing is computed or downloaded.


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
