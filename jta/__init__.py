"""The practice analysis platform: `create_app` puts the house together."""

from __future__ import annotations

from pathlib import Path

from flask import Flask
from flask_security import SQLAlchemyUserDatastore

__version__ = "0.1.0"
ROOT = Path(__file__).resolve().parent.parent


def create_app(settings: object | None = None, *, instance: Path | None = None) -> Flask:
    """Return the application, ready to serve.

    Parameters
    ----------
    settings : Settings, optional
        Typed settings; read from the environment where none are given.
    instance : Path, optional
        Folder for local data; ``instance/`` beside the program by default.

    Raises
    ------
    ConfigError
        If a setting is missing or dangerous.
    """
    from jta import commands, config, errors, jobs, language, logs, permissions, security_headers, sessions, views

    folder = instance or ROOT / "instance"
    app = Flask(
        "jta",
        root_path=str(ROOT),
        instance_path=str(folder),
        template_folder="templates",
        static_folder="static",
    )
    chosen = settings or config.load_settings(folder)
    app.config.from_mapping(config.flask_config(chosen))
    logs.configure(chosen.log_level)
    logs.register(app)
    _narrow_ids(app)
    security_headers.bound_forms(app)
    _bind_extensions(app)
    errors.register(app)
    language.register(app)
    sessions.register(app)
    permissions.register(app)
    security_headers.register(app)
    views.register(app)
    jobs.register(app)
    commands.register(app)
    _prepare_templates(app)
    return _behind_proxies(app)


def _narrow_ids(app: Flask) -> None:
    from functools import partial

    from werkzeug.routing import IntegerConverter

    # No id or number in an address is larger than what a column holds; a larger one is no address of ours.
    app.url_map.converters["int"] = partial(IntegerConverter, max=2**31 - 1)


def _bind_extensions(app: Flask) -> None:
    from jta import models  # noqa: F401  the metadata must be whole before migrations compare it
    from jta.db import db, watch_engine
    from jta.extensions import csrf, lighten, limiter, migrate, security
    from jta.models.account import Role, User

    db.init_app(app)
    with app.app_context():
        watch_engine(db.engine)
    migrate.init_app(app, db, directory=str(ROOT / "jta" / "migrations"))
    csrf.init_app(app)
    limiter.init_app(app)
    security.init_app(app, SQLAlchemyUserDatastore(db, User, Role), register_blueprint=False)
    lighten(app)
    # Nobody signs in by a token in a header, an address or a body: the session is the only way.
    app.login_manager.request_loader(lambda _request: None)  # type: ignore[attr-defined]  # Flask-Login adds it


def _prepare_templates(app: Flask) -> None:
    from jta import formats, table_order

    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(product_name="Practice Analysis", app_version=__version__)
    formats.register(app)
    table_order.register(app)


def _behind_proxies(app: Flask) -> Flask:
    hops = app.config["SETTINGS"].trusted_proxies
    if hops:
        from werkzeug.middleware.proxy_fix import ProxyFix

        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)
    return app
