"""From a series to honest train and test windows, and the audit that finds leaks between them."""

from lessons.windows.audit import Audit, Leak, audit
from lessons.windows.cutting import make_windows, split_by_time
from lessons.windows.origins import rolling_origins
from lessons.windows.scaled import ScaledWindows, scaled_windows
from lessons.windows.scaling import Standardizer
