"""Gaps, faults and outliers of a measured series, mended with nothing but its past.

Whoever forecasts at nine o'clock does not know what will be measured at ten. A filling that looks ahead, such
as a line drawn from the value before a gap to the value after it, hands the answer to the forecaster; the
fillings here never look ahead. And a filled value is no measurement: leave it out where forecasts are scored.
"""

from lessons.cleaning.faults import faults, level_change, outliers, trouble
from lessons.cleaning.filling import fill_gaps, hide_and_fill, targets_observed
from lessons.cleaning.gaps import read, runs, together
