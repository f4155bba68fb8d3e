"""WSGI entry: ``flask --app app …`` and ``gunicorn app:app``."""

import os
import sys

# One thread for linear algebra: the last digits of a result must not depend on the machine, and many small
# matrices are slower with more. It must be set before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from jta import create_app
from jta.errors import ConfigError

try:
    app = create_app()
except ConfigError as error:
    sys.stderr.write(f"Not started: {error}\n")
    sys.exit(2)
