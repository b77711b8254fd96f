"""Readers: the only code that calls a cloud. One module an API family; each refuses what is not
read-only, follows pages to the last, and records provenance."""
