"""Where numbers come from: two made-up series, two real ones, and a CSV file of your own."""

from lessons.series.csv_file import from_csv
from lessons.series.made import trend_and_seasons, two_waves
from lessons.series.real import AIR_QUALITY_CSV, air_quality, sea_temperature
