"""Manual evidence: what no cloud's API can show, said and signed by people.

- `record`: the entries of the locker's log of attestations. Pure.
"""
