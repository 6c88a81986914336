# Metrics and example images -> figures. Which figure is which plot, and of what, is in registry/figures.yaml.

PLOTS = load_figures().figures
GENERATIVE = [
    name for name, row in STUDY.observers.items() if row.kind.group == "generative"
]


# Snakemake evaluates the path of a script twice: here, and again in the job, when this loop has ended. There, too, `rule` is
# the name of the job's own rule.
for rule in PLOTS:

    rule:
        name:
            rule
        input:
            lambda wildcards, figure=rule: targets.figure_inputs(STUDY, figure),
        output:
            png=in_report("figure", rule, "png", PLOTS[rule].category),
            pdf=in_report("figure", rule, "pdf", PLOTS[rule].category),
        log:
            f"{DATA}/logs/{rule}.log",
        conda:
            "../envs/analysis.yaml"
        threads: 1
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            figure=rule,
            # What the row of the figure asks for.
            datasets=targets.figure_datasets(STUDY, rule),
            measures=PLOTS[rule].measures,
            group=PLOTS[rule].group,
            reconstructed_by=example_images.observers(STUDY, rule),
            # What plots and captions say of the study.
            labels=TRAINED.labels | STUDY.labels,
            generative=GENERATIVE,
            highlights=STUDY.highlights,
            matrix_order=STUDY.settings.matrix_order,
            without_noise=STUDY.without_noise,
            published=STUDY.published,
            stimulus=example_images.image(STUDY),
            ambiguous_images={
                name: row.as_params() for name, row in STUDY.ambiguous_images.items()
            },
        script:
            f"../scripts/plot_{PLOTS[rule].plot}.py"
