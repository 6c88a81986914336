# The public functions, which docs/api.md explains.
from .cli.classify_folder import classify as classify
from .cli.decoded_reconstructions import decode_reconstructions as decode_reconstructions
from .decisions.from_evidence import decide as decide
from .decisions.from_evidence import decision_table as decision_table
from .decisions.model_vs_human import export as export
from .io.attributes import decode_attributes as decode_attributes
from .io.errors import InputError as InputError
from .io.stores import open_evidence as open_evidence
from .io.stores import open_store as open_store
from .metrics.accuracy import accuracy as accuracy
from .metrics.benchmark import benchmark as benchmark
from .metrics.cells import cells_of as cells_of
from .metrics.cells import list_cells as list_cells
from .metrics.conditions import compare as compare
from .metrics.consistency import consistency as consistency
from .metrics.shape_bias import shape_bias as shape_bias
from .stimuli.distort_folder import distort as distort
