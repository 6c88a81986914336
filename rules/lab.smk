# Losses and decisions -> the metrics of docs/lab.md. No study makes them unless it names their figures, or they are asked for.

# The study whose networks figures S6 and S7 show.
TRAINED = (
    load({**config, "study": STUDY.settings.trained_by, "limit": None})
    if STUDY.settings.trained_by
    else STUDY
)
# Where it has decisions on all of its datasets, and evidence.
OF_TRAINED = {
    "study": STUDY.folder,
    "trained_by": TRAINED.name,
    "reference": TRAINED.reference,
    "decisions": targets.decisions(TRAINED),
}

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


# From the archive that comes with the project, unless that study has run here.
rule trained_models:
    output:
        f"{DATA}/trained_models.json",
    log:
        f"{DATA}/logs/trained_models.log",
    priority: 10
    localrule: True
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **OF_TRAINED,
        archive=f"weights/{TRAINED.folder}.zip",
    script:
        "../scripts/trained_models.py"


rule dose_response:
    input:
        decisions=targets.trained_models(STUDY),
    output:
        store=f"{DATA}/metrics/dose_response.zarr/zarr.json",
        table=f"{DATA}/metrics/dose_response.csv",
    log:
        f"{DATA}/logs/dose_response.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        **OF_TRAINED,
        trainings={
            name: group.as_params()
            for name, group in TRAINED.settings.trainings.items()
        },
    script:
        "../scripts/dose_response.py"


rule matched_models:
    input:
        decisions=targets.trained_models(STUDY),
    output:
        store=f"{DATA}/metrics/matched_models.zarr/zarr.json",
        table=f"{DATA}/metrics/matched_models.csv",
    log:
        f"{DATA}/logs/matched_models.log",
    conda:
        "../envs/analysis.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        **OF_TRAINED,
        stimuli=f"data/{TRAINED.folder}/stimuli",
        losses=targets.losses_of_matched(TRAINED),
        levels=TRAINED.settings.matched,
    script:
        "../scripts/matched_models.py"
