"""Commands of ``flask --app app``: thin, each calls one service."""

from __future__ import annotations

import secrets
import sys

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from jta import audit
from jta.config import keep_local_keys
from jta.errors import JTAError

audit_commands = AppGroup("audit", help="The audit trail.")


@audit_commands.command("verify")
def verify_audit() -> None:
    """Check every chain of the audit trail; exit 1 if one was changed or cut."""
    heads, faults = audit.verify()
    for chain, head in sorted(heads.items()):
        click.echo(f"{chain}: {head.sequence} acts, head {head.hash}")
    for fault in faults:
        click.echo(f"FAULT in {fault.chain}, act {fault.sequence}: {fault.reason}", err=True)
    click.echo("The audit trail is whole." if not faults else f"{len(faults)} faults found.")
    sys.exit(1 if faults else 0)


@click.command("create-admin")
@click.argument("email")
@click.option("--name", prompt=True, help="Name of the person.")
@click.password_option(help="At least 15 characters.")
def create_admin(email: str, name: str, password: str) -> None:
    """Create an administrator of this installation."""
    from jta.services.account import create_user

    try:
        user = create_user(
            audit.SYSTEM, email=email, name=name, password=password, administrator=True, must_change=False
        )
    except JTAError as error:
        raise click.ClickException(error.message) from error
    click.echo(f"{user.name} ({user.email}) is an administrator now.")


@click.command("make-key")
def make_key() -> None:
    """Print a random key fit for JTA_SECRET_KEY or JTA_LINK_KEY."""
    click.echo(secrets.token_urlsafe(48))


@click.command("keep-keys")
def keep_keys() -> None:
    """Make the keys of a local installation, once."""
    from pathlib import Path

    keep_local_keys(Path(current_app.instance_path))


@click.command("worker")
@click.option("--parent", type=int, help="End when this process is no longer the parent.")
def worker_command(parent: int | None) -> None:
    """Do what takes longer than a page, and send the mail, until told to end."""
    from jta.worker import WorkerProcess

    WorkerProcess(current_app._get_current_object()).run(parent)  # type: ignore[attr-defined]  # the proxy's own way out


@click.command("mail-status")
def mail_status() -> None:
    """Print what waits to be sent, what the workers met, and how many reports of failed mail were read."""
    from jta.services.sending_page import describe_mail

    for line in describe_mail():
        click.echo(line)


def register(app: Flask) -> None:
    """Add the commands to the application."""
    from jta.analyze import analyze_command
    from jta.check_file import check_file_command
    from jta.demo.command import demo_command
    from jta.recount import recount_command

    for command in (
        audit_commands,
        create_admin,
        make_key,
        keep_keys,
        worker_command,
        mail_status,
        analyze_command,
        check_file_command,
        demo_command,
        recount_command,
    ):
        app.cli.add_command(command)
