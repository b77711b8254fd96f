"""The command line: parse, call, print. One file for each group of commands.

Nothing that is slow to import is imported before a command needs it.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys

import click

from collector.cli import (
    attest,
    catalog,
    decision,
    disclose,
    doctor,
    exception,
    export,
    keys,
    locker,
    report,
    requirements,
    results,
    run,
    timestamps,
    verify,
)
from collector.errors import CollectorError


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(dir_okay=False),
    help="Configuration file; default COLLECTOR_CONFIG, or collector.toml here.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    help="Form of the log lines on stderr.",
)
@click.option("--verbose", "-v", is_flag=True, help="Log every source that is read.")
@click.version_option(package_name="compliance-evidence-collector")
@click.pass_context
def cli(context: click.Context, config: str | None, log_format: str, verbose: bool) -> None:
    """Collect SOC 2 and HIPAA evidence from cloud accounts, sealed and checkable.

    \b
    Try it without a cloud:
      collector run --account demo
      collector verify evidence

    \b
    Exit codes:
      0  sealed and complete
      1  internal error, nothing sealed
      2  usage or configuration, nothing written
      3  sealed, but something is unknown
      4  with --fail-on fail: sealed, complete, and a check failed
      5  verification failed
    """
    context.obj = {
        "config": config,
        "log_format": log_format,
        "verbose": verbose,
        "checks_dirs": (),
    }


for module in (
    run,
    results,
    verify,
    timestamps,
    report,
    requirements,
    attest,
    exception,
    decision,
    export,
    disclose,
    catalog,
    keys,
    locker,
    doctor,
):
    for command in module.COMMANDS:
        cli.add_command(command)


def main() -> None:
    """Run the command line; what goes wrong is one line on stderr and an exit code."""
    if sys.stderr is None:  # closed by whoever started us
        sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 - open for as long as we run
    # Models and answers are many objects that stay. To look through them for garbage whenever 700
    # more are there, which is the default, takes a tenth of a run's CPU.
    gc.set_threshold(100_000, 20, 20)
    # Nor is what is left looked through when Python ends, which takes another seventh.
    atexit.register(gc.freeze)
    code: object = 0
    try:
        # Not `cli.main`, which turns a broken pipe into exit code 1 by itself.
        with cli.make_context("collector", sys.argv[1:]) as context:
            code = cli.invoke(context)
    except click.exceptions.Exit as error:
        code = error.exit_code
    except CollectorError as error:
        _leave(str(error), error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _leave("interrupted, nothing more is sealed", 130)
    except BrokenPipeError:  # whoever read our output has read enough
        sys.stdout = open(os.devnull, "w")  # noqa: PTH123, SIM115 - nothing to flush on the way out
        sys.exit(0)
    except Exception as error:  # the traceback is for --verbose; a user gets one line
        import structlog

        structlog.get_logger().info("internal_error", exc_info=True)
        text = f"{type(error).__name__}: {error}".splitlines()[0]
        _leave(f"internal error: {text}; --verbose shows where", 1)
    sys.exit(code if isinstance(code, int) else 0)


def _leave(message: str, code: int) -> None:
    click.echo(f"collector: {message}", err=True)
    sys.exit(code)
