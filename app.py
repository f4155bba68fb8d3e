"""WSGI entry: ``flask --app app …`` and ``gunicorn app:app``."""

import os

# One thread for linear algebra: the last digits of a result must not depend on the machine, and many small
# matrices are slower with more. It must be set before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from jta import create_app

app = create_app()
