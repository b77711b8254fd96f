"""Amazon EFS: file systems."""

from typing import Literal

from checks.aws.scope import Tag
from collector.check import Verdict, check, failed, passed
from collector.resource import Resource, at
from collector.source import Aws


class FileSystem(Resource):
    """A file system."""

    source = Aws(
        service="efs",
        operation="DescribeFileSystems",
        permission="elasticfilesystem:DescribeFileSystems",
        items="FileSystems",
        volatile=("FileSystems.SizeInBytes",),
    )
    id: str = at("FileSystemArn")
    is_encrypted: bool = at("Encrypted")
    kms_key: str | None = at("KmsKeyId", default=None)
    state: Literal["available", "creating", "deleted", "deleting", "error", "updating"] | None = at(
        "LifeCycleState", default=None
    )
    tags: tuple[Tag, ...] = at("Tags", default=())


@check(control="encryption-at-rest", severity="high")
def encrypted(file_system: FileSystem) -> Verdict:
    """File systems are encrypted at rest.

    Passes: the file system is encrypted; the reason names the KMS key, which may be the one that
        AWS manages for EFS.
    Fails: it is not encrypted, in whatever state it is: one that is being deleted still holds data.
    Says nothing of the way to the file system, which mount options and its policy decide, and of
    its backups, which the vault encrypts with a key of its own.
    Remediation: encryption cannot be turned on in place. Make an encrypted file system, copy the
        files with DataSync or from a backup, and delete the old one.
    """
    if not file_system.is_encrypted:
        return failed("the file system is not encrypted")
    if file_system.kms_key is None:
        return passed("the file system is encrypted")
    return passed(f"the file system is encrypted with key {file_system.kms_key}")
