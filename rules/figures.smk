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
        published=STUDY.published,
    script:
        "../scripts/figure_01.py"


rule figure_02:
    input:
        lambda wildcards: targets.reconstructions(STUDY, "figure_02"),
    output:
        **drawing("figure_02", "Reconstructions"),
    log:
        f"{DATA}/logs/figure_02.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **DRAWN,
        image=example_images.image(STUDY),
        shown=example_images.observers(STUDY, "figure_02"),
    script:
        "../scripts/figure_02.py"


rule figure_03:
    input:
        rules.ranking.output.store,
    output:
        **drawing("figure_03", "Benchmark"),
    log:
        f"{DATA}/logs/figure_03.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **DRAWN,
    script:
        "../scripts/figure_03.py"


rule figure_04:
    input:
        rules.benchmark.output.conditions,
    output:
        **drawing("figure_04", "Distortions"),
    log:
        f"{DATA}/logs/figure_04.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **DRAWN,
        datasets=STUDY.figure_labels("parametric"),
    script:
        "../scripts/figure_04.py"


rule figure_05:
    input:
        rules.ranking.output.store,
    output:
        **drawing("figure_05", "Benchmark"),
    log:
        f"{DATA}/logs/figure_05.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **DRAWN,
    script:
        "../scripts/figure_05.py"


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
        title=lambda _: STUDY.datasets["cue-conflict"].label,
    script:
        "../scripts/figure_06.py"


rule figure_07:
    input:
        images=rules.ambiguous_images.output[0],
        reconstructions=lambda wildcards: targets.reconstructions(STUDY, "figure_07"),
    output:
        **drawing("figure_07", "Reconstructions"),
    log:
        f"{DATA}/logs/figure_07.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **DRAWN,
        rows=STUDY.ambiguous_images,
    script:
        "../scripts/figure_07.py"


rule figure_08:
    input:
        lambda wildcards: targets.reconstructions(STUDY, "figure_08"),
    output:
        **drawing("figure_08", "Reconstructions"),
    log:
        f"{DATA}/logs/figure_08.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **DRAWN,
        image=example_images.image(STUDY),
        shown=example_images.observers(STUDY, "figure_08"),
    script:
        "../scripts/figure_08.py"


rule figure_09:
    input:
        rules.ranking.output.store,
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


rule figure_10:
    input:
        rules.benchmark.output.conditions,
    output:
        **drawing("figure_10", "Distortions"),
    log:
        f"{DATA}/logs/figure_10.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **DRAWN,
        datasets=STUDY.figure_labels("parametric"),
        highlights=STUDY.highlights,
    script:
        "../scripts/figure_10.py"


rule figure_11:
    input:
        rules.benchmark.output.conditions,
    output:
        **drawing("figure_11", "Distortions"),
    log:
        f"{DATA}/logs/figure_11.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **DRAWN,
        datasets={
            name: row["label"]
            for name, row in STUDY.figure_labels("nonparametric").items()
            if name != "cue-conflict"
        },
    script:
        "../scripts/figure_11.py"


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
        published=STUDY.published,
    script:
        "../scripts/figure_12.py"


rule figure_13:
    input:
        rules.shape_bias.output.store,
    output:
        **drawing("figure_13", "Shape bias"),
    log:
        f"{DATA}/logs/figure_13.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **DRAWN,
        published=STUDY.published,
        without_noise=STUDY.without_noise,
    script:
        "../scripts/figure_13.py"


rule figure_14:
    input:
        rules.consistency.output.store,
    output:
        **drawing("figure_14", "Error consistency"),
    log:
        f"{DATA}/logs/figure_14.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **DRAWN,
        dataset="sketch",
        title=lambda _: STUDY.datasets["sketch"].label,
    script:
        "../scripts/figure_14.py"


rule figure_15:
    input:
        rules.consistency.output.store,
    output:
        **drawing("figure_15", "Error consistency"),
    log:
        f"{DATA}/logs/figure_15.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **DRAWN,
        dataset="stylized",
        title=lambda _: STUDY.datasets["stylized"].label,
    script:
        "../scripts/figure_15.py"


rule figure_16:
    input:
        rules.consistency.output.store,
    output:
        **drawing("figure_16", "Error consistency"),
    log:
        f"{DATA}/logs/figure_16.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **DRAWN,
        dataset="edge",
        title=lambda _: STUDY.datasets["edge"].label,
    script:
        "../scripts/figure_16.py"


rule figure_17:
    input:
        rules.consistency.output.store,
    output:
        **drawing("figure_17", "Error consistency"),
    log:
        f"{DATA}/logs/figure_17.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **DRAWN,
        dataset="silhouette",
        title=lambda _: STUDY.datasets["silhouette"].label,
    script:
        "../scripts/figure_17.py"
