"""Curves of a training: a tidy CSV file, and the same for TensorBoard."""

from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from generative_classifiers.io.atomic import atomic_write

HEADER = "step,measure,value\n"


class CurveLog:
    """A log of a training's curves. A resumed training continues it.

    Parameters
    ----------
    folder : Path or str
        For `curves.csv` and TensorBoard's files.
    step : int
        Steps that are done. Values of later steps are removed, since a resumed training logs them again.
    """

    def __init__(self, folder, step=0):
        self.path = Path(folder) / "curves.csv"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._remove_after(step)
        self.board = SummaryWriter(folder, purge_step=step + 1)

    def _remove_after(self, step):
        lines = self.path.read_text().splitlines(keepends=True)[1:] if self.path.exists() else []
        # An interruption may have left an incomplete last line.
        kept = [line for line in lines if line.endswith("\n") and int(line.split(",")[0]) <= step]
        with atomic_write(self.path) as partial:
            partial.write_text(HEADER + "".join(kept))

    def add(self, step, **values):
        """Add values (float) of measures after a step."""
        with self.path.open("a") as file:
            file.writelines(f"{step},{measure},{value!r}\n" for measure, value in values.items())
        for measure, value in values.items():
            self.board.add_scalar(measure, value, step)
        self.board.flush()

    def close(self):
        """Close TensorBoard's file."""
        self.board.close()
