"""What was found, kept so that nobody can quietly change it.

From the bytes up:

- `canonical`: the one way in which JSON, digests and times are written.
- `record`: documents whose bytes can be rebuilt exactly from what they say.
- `locker`: where files are kept, create-only, with `folder` and `s3` behind it.
- `keys`: who signs, and how a signature is checked.
- `seal`: the signed statement over one snapshot, as a Sigstore bundle.
- `snapshot`: the snapshot document, and the name of every file in a locker.
- `chain`: puts a snapshot after the last one, and reads it back.
- `timestamps`: asks authorities for the time; `token` (in `der`) is the one form of what they
  answer, and `times` what it shows of a chain.
- `anchors`: the heads of all logs, sealed; `heads`: those that somebody remembers.
- `verify`: reads everything in a locker, believes nothing, and names what does not hold; its
  parts are `inventory` (names), `links` (seals), `contents` (objects) and `report`.

`canonical`, `record`, `seal`, `snapshot`, `der` and `token` do no I/O.
"""
