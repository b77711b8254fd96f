"""`collector checks`, `collector mappings` and `collector permissions`: what it knows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from collector.cli.options import checks_dir_option

if TYPE_CHECKING:
    from collector.framework import Framework

PROVIDERS = click.Choice(["aws", "gcp", "azure"])


@click.group()
def checks() -> None:
    """What is judged, and by which rule."""


@checks.command("list")
@click.option("--provider", type=PROVIDERS, help="Only checks of this cloud.")
@click.option("--format", "form", type=click.Choice(["table", "jsonl"]), default="table")
@checks_dir_option
@click.pass_context
def list_checks(context: click.Context, provider: str | None, form: str) -> None:
    """List the checks with their tags."""
    from collector.cli.tables import table
    from collector.cli.workbench import workbench

    bench = workbench(context)
    rows = []
    for check in bench.checks.values():
        if provider is not None and check.provider not in (provider, "any"):
            continue
        tags = bench.mappings.tags(check.control)
        if form == "jsonl":
            line = {
                "id": check.id,
                "title": check.title,
                "control": check.control,
                "severity": check.severity,
                "soc2": tags.soc2,
                "hipaa": tags.hipaa,
                "permissions": check.permissions,
            }
            click.echo(json.dumps(line))
        rows.append(
            [check.id, check.severity, check.control, " ".join(tags.soc2), " ".join(tags.hipaa)]
        )
    if form == "table":
        click.echo(table(["CHECK", "SEVERITY", "CONTROL", "SOC 2", "HIPAA"], rows))


@checks.command("show")
@click.argument("check_id", metavar="ID")
@checks_dir_option
@click.pass_context
def show_check(context: click.Context, check_id: str) -> None:
    """Show one check: its rule, settings, tags, and what it reads."""
    from collector.cli.workbench import workbench
    from collector.errors import ConfigError

    bench = workbench(context)
    if check_id not in bench.checks:
        raise ConfigError(f"check {check_id}: there is none; see collector checks list")
    check = bench.checks[check_id]
    tags = bench.mappings.tags(check.control)
    click.echo(f"{check.id} ({check.severity})\n\n{check.doc}\n")
    click.echo(f"Control: {check.control}, {bench.mappings.controls[check.control].title}")
    click.echo(f"SOC 2:   {', '.join(tags.soc2) or 'none'}")
    click.echo(f"HIPAA:   {', '.join(tags.hipaa) or 'none'}")
    for setting in check.settings.values():
        click.echo(f"Setting: {setting.name} = {json.dumps(setting.default)}")
    click.echo("Reads:")
    for resource in check.resources:
        needed = ", ".join(resource.source.permissions) or "no permission"
        click.echo(f"  {resource.source.name}  (needs {needed})")


@click.group()
def mappings() -> None:
    """What the controls mean in SOC 2 and HIPAA."""


@mappings.command("show")
@click.argument("control", required=False)
@checks_dir_option
@click.pass_context
def show_mappings(context: click.Context, control: str | None) -> None:
    """Show the controls with their criteria and citations, or one of them whole."""
    from collector.cli.tables import table
    from collector.cli.workbench import workbench
    from collector.errors import ConfigError

    bench = workbench(context)
    known = bench.mappings
    if control is None:
        rows = []
        for name in known.controls:
            tags = known.tags(name)
            live = sum(c.control == name for c in bench.checks.values())
            rows.append([name, ", ".join(tags.soc2), ", ".join(tags.hipaa), str(live)])
        click.echo(table(["CONTROL", "SOC 2", "HIPAA", "CHECKS"], rows))
        click.echo(f"\nSOC 2: {known.soc2.edition}\nHIPAA: {known.hipaa.edition}")
        return
    if control not in known.controls:
        raise ConfigError(f"control {control}: there is none; see collector mappings show")
    declared = known.controls[control]
    click.echo(f"{control}: {declared.title}\n\n{declared.statement}\n")
    if declared.pending is not None:
        click.echo(f"Pending, so it is evidence for nothing yet: {declared.pending}\n")
    for framework in (known.soc2, known.hipaa):
        _show_links(framework, control)
    click.echo("Checks:")
    for check in bench.checks.values():
        if check.control == control:
            click.echo(f"  {check.id}: {check.title}")


def _show_links(framework: Framework, control: str) -> None:
    click.echo(f"{framework.name}:")
    for link in framework.links[control]:
        click.echo(f"  {link.strength} {link.id} ({framework.catalog[link.id].title})")
    if control in framework.none:
        click.echo(f"  none: {framework.none[control]}")


@click.command()
@click.option("--provider", type=PROVIDERS, required=True, help="The cloud.")
@checks_dir_option
@click.pass_context
def permissions(context: click.Context, provider: str) -> None:
    """Print the least privilege that a run needs, in the cloud's own format.

    \b
    aws:   an IAM policy document
    gcp:   a custom role, for gcloud iam roles create --file
    azure: a role definition, for az role definition create; the application
           permissions of Microsoft Graph are named on stderr
    """
    from collector.cli.workbench import workbench
    from collector.permissions import PLACEHOLDER, graph_permissions, policy

    bench = workbench(context)
    accounts = bench.config.accounts.values()
    subscriptions = [a.id for a in accounts if a.provider == "azure"] or [PLACEHOLDER]
    own = [c for c in bench.checks.values() if c.provider == provider]
    click.echo(json.dumps(policy(own, provider, subscriptions), indent=2))  # type: ignore[arg-type]  # one of PROVIDERS
    if provider == "azure":
        named = ", ".join(graph_permissions(own))
        click.echo(f"Microsoft Graph application permissions: {named}", err=True)


COMMANDS = (checks, mappings, permissions)
