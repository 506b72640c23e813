"""nbgrader's settings for everyone on the hub; a course's own nbgrader_config.py comes on top."""

import os

from classroom.exchange import CollectFromOwners

c = get_config()  # noqa: F821 - Jupyter defines it for its configuration files
c.Exchange.root = os.environ.get("LESSONS_EXCHANGE", "/srv/nbgrader/exchange")
c.ExchangeFactory.collect = CollectFromOwners  # believe no name, follow no link
