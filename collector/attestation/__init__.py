"""Manual evidence: what no cloud's API can show, said and signed by people.

- `record`: the entries of the locker's log of attestations. Pure.
- `state`: what of them is in force at a moment, and for how long. Pure.
- `kinds`: what can be attested to, `mappings/attestations.yaml` as values.
- `words`, `draft`: from what a person types to an entry, or to what is wrong with it. Pure.
- `template`: what a compliance lead fills in. Pure.
- `subjects`: the resources that an exception can be about.
- `ledger`: reading the log, verified, and writing to it.
"""
