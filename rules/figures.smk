# Metrics -> figures: each a rule, a short script and a caption of the same name.


include: "drawing.smk"


rule figure_01:
    input:
        rules.shape_bias.output.store,
    output:
        **drawing("figure_01", "Shape bias"),
    log:
        f"{DATA}/logs/figure_01.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **DRAWN,
    script:
        "../scripts/figure_01.py"


rule figure_06:
    input:
        rules.consistency.output.store,
    output:
        **drawing("figure_06", "Error consistency"),
    log:
        f"{DATA}/logs/figure_06.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **DRAWN,
        dataset="cue-conflict",
        title=lambda _: STUDY.datasets["cue-conflict"]["label"],
    script:
        "../scripts/figure_06.py"


rule figure_09:
    input:
        rules.benchmark.output.store,
    output:
        **drawing("figure_09", "Benchmark"),
    log:
        f"{DATA}/logs/figure_09.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **DRAWN,
    script:
        "../scripts/figure_09.py"


rule figure_12:
    input:
        rules.shape_bias.output.store,
    output:
        **drawing("figure_12", "Shape bias"),
    log:
        f"{DATA}/logs/figure_12.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **DRAWN,
    script:
        "../scripts/figure_12.py"
