"""What tests of Google Cloud's checks have besides: a fake Google Cloud."""

from tests.google.fixtures import google

__all__ = ["google"]
