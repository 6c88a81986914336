# Losses and decisions -> the metrics of docs/lab.md. No study makes them unless it names their figures, or they are asked for.

# What is computed from all losses of diffusion models.
LOSS_METRICS = ["noise_levels", "weightings", "draw_numbers", "spent_evaluations"]


for rule in LOSS_METRICS:

    rule:
        name:
            rule
        input:
            decisions=f"{DATA}/decisions/cue-conflict.zarr/zarr.json",
            losses=lambda wildcards: targets.losses(STUDY),
            others=targets.other_losses(STUDY),
        output:
            store=f"{DATA}/metrics/{rule}.zarr/zarr.json",
            table=f"{DATA}/metrics/{rule}.csv",
        log:
            f"{DATA}/logs/{rule}.log",
        conda:
            "../envs/analysis.yaml"
        threads: 1
        resources:
            mem_mb=4000,
            runtime=30,
        params:
            study=STUDY.folder,
            reference=STUDY.reference,
            stimuli=f"{DATA}/stimuli",
            weighting=STUDY.weighting,
            levels={
                name: row.table()
                for name, row in load_levels().items()
                if name in targets.with_all_losses(STUDY)
            },
        script:
            f"../scripts/{rule}.py"


rule channels:
    input:
        bands=f"{DATA}/decisions/frequency-bands.zarr/zarr.json",
        conflicts=f"{DATA}/decisions/cue-conflict.zarr/zarr.json",
    output:
        store=f"{DATA}/metrics/channels.zarr/zarr.json",
        table=f"{DATA}/metrics/channels.csv",
    log:
        f"{DATA}/logs/channels.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        study=STUDY.folder,
        reference=STUDY.reference,
        size=targets.image_size(STUDY),
    script:
        "../scripts/channels.py"


rule worlds:
    input:
        decisions=f"{DATA}/decisions/cue-conflict-textures.zarr/zarr.json",
    output:
        store=f"{DATA}/metrics/worlds.zarr/zarr.json",
        table=f"{DATA}/metrics/worlds.csv",
    log:
        f"{DATA}/logs/worlds.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        study=STUDY.folder,
        reference=STUDY.reference,
        compared=STUDY.settings.compared,
    script:
        "../scripts/worlds.py"


rule views:
    input:
        decisions=rules.accuracy.input.decisions,
    output:
        store=f"{DATA}/metrics/views.zarr/zarr.json",
        table=f"{DATA}/metrics/views.csv",
    log:
        f"{DATA}/logs/views.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        **CELLS,
        study=STUDY.folder,
        reference=STUDY.reference,
        views={name: view.as_params() for name, view in STUDY.settings.views.items()},
        with_noise=list(STUDY.without_noise),
    script:
        "../scripts/views.py"
