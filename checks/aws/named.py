"""Answers that say again what they are about."""

from typing import Self

from pydantic import model_validator

from collector.resource import Resource


class Named(Resource):
    """An aspect whose answer names what was asked for; one that names another does not count."""

    said: str
    """The name in the answer, which is the parent's id."""

    @model_validator(mode="after")
    def _is_what_was_asked_for(self) -> Self:
        if self.said != self.id:
            raise ValueError("the answer is about another one")
        return self
