"""Statistical models on clean NumPy arrays; they know nothing of cells, tables or metrics."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
