"""``flask --app app demo``: create the demo studies once, say who can sign in, serve on this machine."""

from __future__ import annotations

import signal
from pathlib import Path
from urllib.parse import urlsplit

import click
from flask import Flask, current_app

from jta.config import Settings


@click.command("demo")
@click.option("--serve/--no-serve", default=True, help="Serve the demo when it is ready.")
@click.option("--fresh", is_flag=True, help="Delete this machine's demo and start over.")
@click.option("--yes", is_flag=True, help="Do not ask before --fresh deletes.")
def demo_command(*, serve: bool, fresh: bool, yes: bool) -> None:
    """Create the simulated demo studies on this machine and open them."""
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.is_loopback or not settings.database_url.startswith("sqlite"):
        raise click.ClickException("The demo runs on this machine with its own database; unset the JTA_ variables.")
    instance = Path(current_app.instance_path)
    if fresh:
        _delete(instance, Path(settings.database_url.removeprefix("sqlite:///")), yes=yes)
    _create(instance)
    _tell(settings)
    if serve:
        _serve(current_app._get_current_object(), settings)  # type: ignore[attr-defined]  # the proxy's own way out


def _delete(instance: Path, database: Path, *, yes: bool) -> None:
    from jta.db import db
    from jta.demo.notes import demo_file

    if not database.exists():
        return
    if not yes:
        click.confirm(
            f"This deletes {database} with everything in it, studies of your own included. Go on?", abort=True
        )
    db.session.remove()
    db.engine.dispose()
    for path in (database, demo_file(instance), *database.parent.glob(f"{database.name}-*")):
        path.unlink(missing_ok=True)


def _create(instance: Path) -> None:
    from flask_migrate import upgrade

    from jta.demo.load import load_demo
    from jta.demo.notes import read_demo
    from jta.services.account import list_users

    upgrade()
    if read_demo(instance) is not None:
        return
    if list_users():
        raise click.ClickException("This machine's database is in use without the demo. Start over with --fresh.")
    load_demo(instance, click.echo)


def _tell(settings: Settings) -> None:
    from jta.demo.notes import read_demo

    demo = read_demo(Path(current_app.instance_path))
    if demo is None:
        raise click.ClickException("The demo could not be written down; look at the messages above.")
    base = settings.base_url
    click.echo("\nEverything in this demo is simulated. It is not CoSN's data, nor endorsed by it.\n")
    click.echo(f"Address     {base}")
    click.echo(f"Study       {base}{demo.study_path}")
    click.echo(f"Survey      {base}{demo.link_path}   (a respondent's personal link)")
    click.echo(f"Workbook    {demo.workbook}\n")
    for account in demo.accounts:
        click.echo(f"{account.role:<16} {account.email:<20} {account.password}")


def _serve(app: Flask, settings: Settings) -> None:
    import waitress

    from jta.db import db
    from jta.keeper import Keeper, worker_command

    db.session.remove()  # what was read last would hold SQLite's write lock for as long as the demo runs
    port = urlsplit(settings.base_url).port or 8000
    click.echo(f"\nServing on {settings.base_url} – press Ctrl+C to stop.")
    signal.signal(signal.SIGTERM, _end)
    keeper = Keeper(worker_command())
    keeper.start()
    try:
        waitress.serve(app, host="127.0.0.1", port=port, threads=8, ident=None)
    finally:
        keeper.stop()


def _end(*_signal: object) -> None:
    raise SystemExit(0)
