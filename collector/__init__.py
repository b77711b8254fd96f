"""Collects SOC 2 and HIPAA evidence from cloud accounts, sealed so that anybody can check it.

The flow, each step a module or a package of that name:

    accounts -> collect -> reads -> evaluate -> results -> mapping -> snapshot -> seal -> locker

- `config`, `accounts`: which accounts there are, and a reader for each.
- `source`, `resource`, `check`: declarations, of what is read, what it is parsed into, and what is
  concluded. The checks themselves are in the package `checks`.
- `readers`: the only code that calls a cloud; `answer` is what it brings.
- `collect`: from checks to `reads`, each operation once. `evaluate`: from reads to results; pure.
- `mapping`: what a control means in SOC 2 and HIPAA; the files are in the package `mappings`.
- `run`: the order of all that, and its replay from what was stored.
- `evidence`: the snapshot, its seal, the chain and the locker; `verify`, which believes nothing.
- `attestation`: what no cloud's API can show, said and signed by people.
- `report`: what people read of it, out of verified evidence only.
- `cli`: the command line.
"""
