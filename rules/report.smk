# How the report shows files: under which heading, by what name, and with what caption.

# Of a figure's two formats the report shows the one that sorts first, PNG: it sorts capital letters before small ones.
FORMATS = {"png": "PNG", "pdf": "for print (PDF)", "csv": "CSV", "html": "page"}


def in_report(kind, name, ending, category):
    """An output in the folder of figures, marked for the report. Its caption is read only when a report is made."""
    caption = f"docs/captions/{name}.rst"
    return report(
        f"{FIGURES}/{name}.{ending}",
        caption=f"../{caption}",
        category=category,
        labels=lambda wildcards: {
            kind: captions.title(f"{workflow.basedir}/{caption}"),
            "format": FORMATS[ending],
        },
    )
