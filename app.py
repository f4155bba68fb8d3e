"""WSGI entry: ``flask --app app …`` and ``gunicorn app:app``."""

from jta import create_app

app = create_app()
