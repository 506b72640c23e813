"""Where numbers come from: two made-up series, a real one, and a CSV file of your own."""

from lessons.series.csv_file import from_csv
from lessons.series.made import trend_and_seasons, two_waves
from lessons.series.real import sea_temperature

__all__ = ["from_csv", "sea_temperature", "trend_and_seasons", "two_waves"]
