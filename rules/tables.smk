# Metrics -> tables, beside the figures: each a rule, a short script and a caption of the same name.


rule table_2:
    input:
        rules.ranking.output.store,
    output:
        csv=listing("table_2"),
        md=f"{FIGURES}/table_2.md",
        tex=f"{FIGURES}/table_2.tex",
    log:
        f"{DATA}/logs/table_2.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **DRAWN,
    script:
        "../scripts/table_2.py"


rule table_3:
    input:
        rules.ranking.output.store,
    output:
        csv=listing("table_3"),
        md=f"{FIGURES}/table_3.md",
        tex=f"{FIGURES}/table_3.tex",
    log:
        f"{DATA}/logs/table_3.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **DRAWN,
    script:
        "../scripts/table_3.py"


rule reproduction:
    input:
        benchmark=rules.benchmark.output.store,
        # Where there are cue conflicts.
        shape_bias=[
            rules.shape_bias.output.store
            for dataset in STUDY.datasets
            if dataset == "cue-conflict"
        ],
    output:
        listing("reproduction"),
    log:
        f"{DATA}/logs/reproduction.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        published=STUDY.published,
    script:
        "../scripts/reproduction.py"
