"""The account of the demo, opened: seeded once in a process, then read like any other."""

from __future__ import annotations

import threading

from collector.answer import Scope
from collector.demo.isolation import isolated_session, moto_at_home
from collector.demo.simulator import ACCOUNT, HOME_REGION, Simulator
from collector.readers.aws import AwsReader
from collector.readers.aws_sdk import models_of
from collector.source import Source

IDENTITY = f"arn:aws:sts::{ACCOUNT}:assumed-role/evidence-collector/demo"

# moto's state belongs to the process, and is to be made once.
_SEEDING = threading.Lock()


def open_account(sources: frozenset[Source] | None) -> AwsReader:
    """A reader of the simulated account; makes the account if this process has none yet."""
    seeding, session = isolated_session(), isolated_session()
    if sources is not None:
        models_of(sources).use_in(session._session)
    with _SEEDING, moto_at_home(seeding):
        from collector.demo import adjust, seed
        from collector.demo.told import Told

        told = Told(seed.TOLD)
        told.listen(session)
        told.listen(seeding)
        simulator = Simulator(adjust.AMENDMENTS, told)
        for each in (seeding, session):
            # The type stubs do not know that a handler may answer in the place of the network.
            each.events.register_first("before-send", simulator)  # type: ignore[arg-type]
        if not seed.is_seeded():
            seed.everything(seeding)
    scope = Scope("aws", "demo", ACCOUNT, IDENTITY, "aws", HOME_REGION, seed.REGIONS)
    return AwsReader(session, scope)
