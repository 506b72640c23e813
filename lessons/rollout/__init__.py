"""Many steps ahead: recursive forecasts from all origins at once, and their error by horizon."""

from lessons.rollout.errors import HorizonErrors, error_by_horizon, horizon_table
from lessons.rollout.recursive import rollout, truth
