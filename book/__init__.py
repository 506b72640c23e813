"""What builds the course's web page: `python3 tasks.py site`. Nothing in `lessons` imports it."""
