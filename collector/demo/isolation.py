"""Isolation: the demo neither sees the environment nor shows in it."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from types import ModuleType

import boto3
import botocore.session

from collector.demo.simulator import HOME_REGION


def isolated_session() -> boto3.Session:
    """A session that knows neither the environment nor any configuration file.

    Without it, `AWS_ENDPOINT_URL` would send the demo to a real server, and a profile that does not
    exist would break it.
    """
    core = botocore.session.Session()
    store = core.get_component("config_store")
    for name in core.session_var_map:
        store.set_config_variable(name, core.session_var_map[name][2])
    for name in ("config_file", "credentials_file"):
        store.set_config_variable(name, os.devnull)
    for section in ("s3", "proxies_config"):
        store.set_config_variable(section, None)
    store.set_config_variable("ignore_configured_endpoint_urls", True)
    store.set_config_variable("region", HOME_REGION)
    return boto3.Session(
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="none; every request is answered inside this process",
        region_name=HOME_REGION,
        botocore_session=core,
    )


@contextlib.contextmanager
def moto_at_home(session: boto3.Session) -> Iterator[None]:
    """While moto is imported and makes its objects, keep it off the environment, and small.

    moto asks boto3 for the names of regions, through sessions of its own making. These fail where
    `AWS_PROFILE` names no profile, and cost half a second; here they are `session`. And it knows
    2,600 machine images, of which no check asks, and looks for all services anew for each of them.
    """
    ordinary = boto3.Session

    def stand_in(*args: object, **kwargs: object) -> boto3.Session:
        # Other threads get what they always get.
        caller = str(sys._getframe(1).f_globals.get("__name__"))
        if caller.startswith("moto."):
            return session
        return ordinary(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came

    with _replaced(boto3, "Session", stand_in):
        import moto.core.utils
        import moto.settings
        from moto.core.loaders import create_loader

        loader = create_loader()
        with (
            _replaced(moto.core.utils, "create_loader", lambda: loader),
            _replaced(moto.settings, "ec2_load_default_amis", lambda: False),
        ):
            yield


@contextlib.contextmanager
def _replaced(module: ModuleType, name: str, function: object) -> Iterator[None]:
    before = getattr(module, name)
    setattr(module, name, function)
    try:
        yield
    finally:
        setattr(module, name, before)
