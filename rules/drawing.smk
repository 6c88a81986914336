# What the rules of figures have in common.

DRAWN = {
    "labels": {name: row["label"] for name, row in STUDY.observers.items()},
    "families": STUDY.families,
}


def drawing(figure, category):
    """Both files of a figure, and where the report shows them."""
    return {
        kind: report(
            f"{FIGURES}/{figure}.{kind}",
            caption=f"../docs/captions/{figure}.rst",
            category=category,
            labels={
                "figure": figure.removeprefix("figure_").lstrip("0"),
                "format": kind.upper(),
            },
        )
        for kind in ("pdf", "png")
    }
