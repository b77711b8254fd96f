"""`collector disclose`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click


@click.command()
@click.argument("locker", required=False)
@click.option("--account", help="Whose snapshot.")
@click.option("--number", type=click.IntRange(min=1), help="Which snapshot; default the newest.")
@click.option("--check", "check_id", help="Id of the check.")
@click.option("--resource", help="Full name of the resource: resource.id of the result.")
@click.option("--region", help="Its region, if there are several of that name.")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write: JSON."
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@click.option(
    "--no-answers", is_flag=True, help="Keep the cloud's answers back; say their digests."
)
@click.option(
    "--verify",
    "given",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Verify a disclosure that you were given, and print what it shows; nothing else.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    type=click.Path(dir_okay=False),
    help="Public key (PEM) that you have from elsewhere and trust; repeatable.",
)
@click.pass_context
def disclose(
    context: click.Context,
    locker: str | None,
    account: str | None,
    number: int | None,
    check_id: str | None,
    resource: str | None,
    region: str | None,
    output: Path | None,
    force: bool,
    no_answers: bool,
    given: Path | None,
    keys: tuple[str, ...],
) -> None:
    """Hand over one result, provably of a snapshot, without the other results.

    \b
      collector disclose --account prod --check aws.s3.default_encryption \\
        --resource arn:aws:s3:::logs --output logs.json
      collector disclose --verify logs.json --key company.pem

    It shows the snapshot's document (which checks ran, and counts), the result, the calls behind
    it, and the whole answers that they brought: these may name other resources. --no-answers keeps
    them back.
    """
    from collector.cli.outputs import finished, trusted_keys
    from collector.cli.workbench import configured, require_folder
    from collector.errors import ConfigError
    from collector.evidence.chain import head
    from collector.evidence.locker import open_locker
    from collector.evidence.log import account_log
    from collector.export.disclosure import disclose as take_out
    from collector.export.disclosure import open_disclosure

    trusted = trusted_keys(keys)
    if given is not None:
        sys.exit(_verify(given, keys))
    if account is None or check_id is None or resource is None or output is None:
        raise ConfigError("disclosing: --account, --check, --resource and --output are needed")
    config = configured(context)
    store = open_locker(config.locker if locker is None else locker)
    require_folder(store.url, "disclosing from")
    last = head(store, account_log(account))
    if last is None or (number is not None and number > last.number):
        raise ConfigError(
            f"disclosing from locker {store.url}: account {account} has no snapshot {number or ''}"
        )
    disclosure = take_out(
        store,
        account,
        number or last.number,
        check_id,
        resource,
        region=region,
        with_answers=not no_answers,
    )
    data = disclosure.to_bytes()
    shown = open_disclosure(data, trusted)
    with finished(output, force=force) as unfinished:
        unfinished.write_bytes(data)
    sizes = f"{len(shown.answers)} of {_count(shown.result['evidence'])} answers whole"
    click.echo(
        f"{output}: 1 of {disclosure.result.size} results, {len(shown.calls)} calls, {sizes}"
    )
    told = {str(call["answer_sha256"]) for call in shown.calls}
    untold = len({*map(str, _list(shown.result["evidence"]))} - told)
    if untold:
        click.echo(
            f"Of {untold} answers no call is in it: several brought the same, and it cannot be seen"
            " which is about this resource without naming others"
        )
    click.echo(
        "It also shows the snapshot's document: all checks with their counts, regions and settings,"
        " and who read"
    )


def _verify(path: Path, keys: tuple[str, ...]) -> int:
    from collector.cli.outputs import trusted_keys
    from collector.cli.workbench import read_file
    from collector.evidence.canonical import timestamp
    from collector.evidence.record import printable
    from collector.export.disclosure import open_disclosure

    shown = open_disclosure(read_file(str(path), "disclosure"), trusted_keys(keys))
    statement = shown.sealed.statement
    click.echo(printable(json.dumps(shown.result, ensure_ascii=False)))
    for call in shown.calls:
        click.echo(printable(f"by the call {json.dumps(call, ensure_ascii=False)}"))
    for digest in sorted(map(str, _list(shown.result["evidence"]))):
        size = f"{len(shown.answers[digest])} bytes" if digest in shown.answers else "kept back"
        click.echo(f"on the answer {digest}, {size}")
    whose = "a key that you gave" if keys else "the key in the file: give one from elsewhere"
    click.echo(
        f"VERIFIED {path}: all of it is of snapshot {statement.number} of {statement.log.title},"
        f" sealed {timestamp(statement.created_at)}, by {whose}"
    )
    click.echo(
        f"It rests on the head {statement.log.title}:{statement.number}:{shown.sealed.sha256}"
    )
    return 0


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _count(value: object) -> int:
    return len(_list(value))


COMMANDS = (disclose,)
