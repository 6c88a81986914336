"""Curves of a training: a tidy CSV, and the same for TensorBoard."""

from pathlib import Path

from torch.utils.tensorboard import SummaryWriter

from generative_classifiers.io.atomic import atomic_write

COLUMNS = "step,measure,value\n"


class Log:
    """Curves of a training, which goes on after the step that it was resumed from.

    Parameters
    ----------
    folder : Path or str
        Gets `curves.csv`, and the files of TensorBoard.
    step : int
        Steps that are done: what is there of later ones is forgotten.
    """

    def __init__(self, folder, step=0):
        self.path = Path(folder) / "curves.csv"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._forget_after(step)
        self.board = SummaryWriter(folder, purge_step=step + 1)

    def _forget_after(self, step):
        lines = self.path.read_text().splitlines(keepends=True)[1:] if self.path.exists() else []
        # A kill may have left half a last line.
        kept = [line for line in lines if line.endswith("\n") and int(line.split(",")[0]) <= step]
        with atomic_write(self.path) as partial:
            partial.write_text(COLUMNS + "".join(kept))

    def add(self, step, **values):
        """Note values (float) of measures after a step."""
        with self.path.open("a") as file:
            file.write("".join(f"{step},{measure},{value!r}\n" for measure, value in values.items()))
        for measure, value in values.items():
            self.board.add_scalar(measure, value, step)
        self.board.flush()

    def close(self):
        """Close the files."""
        self.board.close()
