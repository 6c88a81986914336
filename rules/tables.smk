# Metrics -> tables, the leaderboard, and what was measured next to what the paper prints.

TABLES = load_figures().tables


for rule in TABLES:

    rule:
        name:
            rule
        input:
            rules.ranking.output.store,
        output:
            csv=in_report("table", rule, "csv", "Tables"),
            md=f"{FIGURES}/{rule}.md",
            tex=f"{FIGURES}/{rule}.tex",
        log:
            f"{DATA}/logs/{rule}.log",
        conda:
            "../envs/analysis.yaml"
        threads: 1
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            table=rule,
            measures=TABLES[rule].measures,
            rank=TABLES[rule].rank,
            labels=STUDY.labels,
            published=STUDY.published,
        script:
            "../scripts/write_benchmark_table.py"


rule leaderboard:
    input:
        ranking=rules.ranking.output.store,
        shape_bias=(
            rules.shape_bias.output.store if "cue-conflict" in STUDY.datasets else []
        ),
    output:
        csv=in_report("table", "leaderboard", "csv", "Leaderboard"),
        html=in_report("table", "leaderboard", "html", "Leaderboard"),
    log:
        f"{DATA}/logs/leaderboard.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        study=STUDY.name,
        labels=STUDY.labels,
        published=STUDY.published,
        origins={name: one._asdict() for name, one in origins(STUDY).items()},
    script:
        "../scripts/leaderboard.py"


rule reproduction:
    input:
        benchmark=rules.benchmark.output.store,
        shape_bias=(
            rules.shape_bias.output.store if "cue-conflict" in STUDY.datasets else []
        ),
    output:
        in_report("table", "reproduction", "csv", "Tables"),
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
