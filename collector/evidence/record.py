"""Documents whose bytes can be rebuilt exactly from what they say.

A signature or a digest holds for bytes, but people and programs read values. Where one value can be
written in two ways (spaces, the order of keys, a key given twice, spare bits in base64), the bytes
can be changed without changing what one reader sees, while another reader sees something else. So
a record is accepted only if writing it again gives the very same bytes.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
)

from collector.errors import LockerError
from collector.evidence.canonical import (
    LARGEST_INTEGER,
    canonical,
    parse_json,
    parse_timestamp,
    timestamp,
)

ACCOUNT_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}"
"""Account names: safe as a file name, an object key and a shell word."""

DIGEST = r"[0-9a-f]{64}"
"""A SHA-256 digest in hex."""


class EvidenceError(LockerError):
    """Bytes in a locker are not what their format says."""

    exit_code = 5


def printable(text: str) -> str:
    """The text with everything escaped that could deceive or break a terminal.

    Names and values out of a locker were possibly written by somebody who means harm.
    """
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text
    )


def _moment(value: object) -> object:
    # What is kept is what is written, so a fraction of a second goes on the way in.
    text = timestamp(value) if isinstance(value, datetime) else value
    return parse_timestamp(text) if isinstance(text, str) else text


AccountName = Annotated[str, Field(pattern=f"^{ACCOUNT_NAME}\\z")]
Digest = Annotated[str, Field(pattern=f"^{DIGEST}\\z")]
Count = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
Moment = Annotated[datetime, BeforeValidator(_moment), PlainSerializer(timestamp, return_type=str)]
"""An aware datetime in whole seconds, written as `timestamp` does."""


class Record(BaseModel):
    """A frozen document without unknown fields. Its JSON names are its serialization aliases."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_by_name=True, serialize_by_alias=True
    )

    def to_bytes(self) -> bytes:
        """The canonical JSON of the record."""
        return canonical(self.model_dump(mode="json"))

    @classmethod
    def from_bytes(cls, data: bytes, source: str) -> Self:
        """The record that the bytes are.

        Args:
            data: canonical JSON.
            source: what the bytes are, for the error message: a file's key.

        Raises:
            EvidenceError: the bytes are no such record, or are not the ones it is written as.
        """
        try:
            record = cls.model_validate(parse_json(data))
            rebuilt = record.to_bytes()
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            place = ".".join(map(str, first["loc"])) or "it"
            raise EvidenceError(printable(f"{source}: {place}: {first['msg']}")) from None
        except ValueError as error:
            raise EvidenceError(printable(f"{source}: not readable as JSON: {error}")) from None
        if rebuilt != data:
            raise EvidenceError(f"{printable(source)}: not in canonical form, so it was changed")
        return record
