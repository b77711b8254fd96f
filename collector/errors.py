"""What went wrong, said to a person.

Every error that the product raises on purpose is a `CollectorError`. Its message is one line: what
was being done, to what, what was found, and what would fix it. The command line prints the message
and leaves with `exit_code`; nothing else of the error reaches a user.
"""


class CollectorError(Exception):
    """Base of all errors that are raised on purpose.

    `exit_code` is the process's exit code when the error ends a command.
    """

    exit_code = 1


class ConfigError(CollectorError):
    """The configuration, an argument or the environment cannot be used. Nothing was written."""

    exit_code = 2


class MappingError(CollectorError):
    """A file under `mappings/` contradicts itself, its catalog or the checks."""

    exit_code = 2


class CheckError(CollectorError):
    """A check or a resource is declared wrongly. Raised on discovery, never during a run."""

    exit_code = 2


class SigningError(CollectorError):
    """A signing key cannot be made, read or used."""

    exit_code = 2


class TimestampError(CollectorError):
    """No authority gave a timestamp that holds. Evidence is sealed without it."""


class LockerError(CollectorError):
    """A locker cannot be opened, read or written."""

    exit_code = 2


class Refused(LockerError):
    """A locker does not let these credentials do something, or cannot do it at all."""


class NotSealed(LockerError):
    """The locker failed in the middle of a run. What was written is referred to by nothing."""

    exit_code = 1


class ObjectMissing(LockerError):
    """A key that was asked for is not in the locker."""


class ObjectTooLarge(ObjectMissing):
    """What is there under a key is larger than anything that a locker holds; it was not read."""


class CredentialsError(ConfigError):
    """No usable credentials for an account, or they belong to another one."""
