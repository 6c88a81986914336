"""An archive of a study, for a repository such as Zenodo."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from tqdm import tqdm

from generative_classifiers.evidence.crate import METADATA, describe
from generative_classifiers.evidence.deposit import Source, collect, files_of
from generative_classifiers.io.zip_files import write_zip


def archive(
    study, out: Path, root: Path, *, date: str, licence: str, reconstructions: bool = False, progress: bool = True
) -> None:
    """Write an archive of a study. The same study gives the same bytes.

    Parameters
    ----------
    study : study.study.Study
        Complete: everything was evaluated and drawn.
    out : Path
        The ZIP file. It is written completely or not at all.
    root : Path
        Of the project.
    date : str
        Of publication, `YYYY-MM-DD`.
    licence : str
        Address of the licence.
    reconstructions : bool
        Whether to keep the reconstructions of the evidence, which can be many times larger than all the rest.
    progress : bool
        Whether to show progress on stderr.

    Raises
    ------
    InputError
        A file of the study is missing or a store is damaged.
    """
    parts = collect(study, root, reconstructions)
    parts[METADATA] = describe(study.folder, parts, date, licence)
    with TemporaryDirectory(dir=out.parent, prefix=f"{out.name}.", suffix=".partial") as workspace:
        write_zip(out, _members(parts, Path(workspace), progress))


def _members(parts: dict[str, Source], workspace: Path, progress: bool) -> Iterator[tuple[str, Path | bytes]]:
    for name, source in tqdm(sorted(parts.items()), "archive", unit=" parts", disable=not progress):
        yield from files_of(name, source, workspace)
        for written in workspace.iterdir():
            shutil.rmtree(written)
