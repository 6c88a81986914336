# What the rules of figures and tables have in common.

DRAWN = {
    "labels": STUDY.labels,
    "families": {name: vars(family) for name, family in FAMILIES.items()},
    "generative": [
        name for name, row in STUDY.observers.items() if row.kind.group == "generative"
    ],
}

# Of two formats the report shows the first in order, capitals before small letters, and the other at a click.
FORMATS = {"png": "PNG", "pdf": "for print (PDF)"}


def shown(name, kind, form):
    """What the report says of a file beside its caption, read only when a report is made."""
    caption = f"{workflow.basedir}/docs/captions/{name}.rst"
    return lambda wildcards: {kind: captions.title(caption), "format": form}


def drawing(figure, category):
    """Both files of a figure, and where the report shows them."""
    return {
        kind: report(
            f"{FIGURES}/{figure}.{kind}",
            caption=f"../docs/captions/{figure}.rst",
            category=category,
            labels=shown(figure, "figure", form),
        )
        for kind, form in FORMATS.items()
    }


def listing(table):
    """A table's file with every digit, and where the report shows it."""
    return report(
        f"{FIGURES}/{table}.csv",
        caption=f"../docs/captions/{table}.rst",
        category="Tables",
        labels=shown(table, "table", "CSV"),
    )
