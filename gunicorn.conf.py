"""How the web processes run: read by gunicorn wherever it is started in this folder."""

import os

workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4
worker_class = "gthread"
graceful_timeout = 30
keepalive = 5
# A worker is renewed now and then, in case a library leaks; starting one costs about two seconds of a processor.
max_requests = 200_000
max_requests_jitter = 20_000
