"""Amazon DynamoDB: tables."""

from typing import Literal, Self

from pydantic import model_validator

from collector.check import Verdict, check, failed, not_applicable, passed
from collector.resource import Resource, at
from collector.source import Aws


class Table(Resource):
    """A table, by name."""

    source = Aws(
        service="dynamodb",
        operation="ListTables",
        permission="dynamodb:ListTables",
        items="TableNames",
    )
    full_name = "arn:{partition}:dynamodb:{region}:{account}:table/{id}"
    id: str = at("")


class TableEncryption(Resource):
    """State of a table and of its encryption.

    DynamoDB describes the encryption only of tables whose key is in KMS. It encrypts all others
    with AES-256 and a key that AWS owns, and has done so for every table since 2018:
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/EncryptionAtRest.html
    """

    source = Aws(
        service="dynamodb",
        operation="DescribeTable",
        permission="dynamodb:DescribeTable",
        per=Table,
        params={"TableName": "id"},
        repeats={"TableName": "Table.TableName"},
        # Counters, and capacity that DynamoDB itself scales with the load.
        volatile=(
            "Table.ItemCount",
            "Table.TableSizeBytes",
            "Table.ProvisionedThroughput",
            "Table.WarmThroughput",
            "Table.GlobalSecondaryIndexes.ItemCount",
            "Table.GlobalSecondaryIndexes.IndexSizeBytes",
            "Table.GlobalSecondaryIndexes.ProvisionedThroughput",
            "Table.GlobalSecondaryIndexes.WarmThroughput",
            "Table.LocalSecondaryIndexes.ItemCount",
            "Table.LocalSecondaryIndexes.IndexSizeBytes",
            "Table.VectorIndexes.ItemCount",
            "Table.VectorIndexes.IndexSizeBytes",
        ),
    )
    state: Literal[
        "ACTIVE",
        "ARCHIVED",
        "ARCHIVING",
        "CREATING",
        "DELETING",
        "INACCESSIBLE_ENCRYPTION_CREDENTIALS",
        "REPLICATION_NOT_AUTHORIZED",
        "UPDATING",
    ] = at("Table.TableStatus")
    arn: str | None = at("Table.TableArn", default=None)
    status: Literal["DISABLED", "DISABLING", "ENABLED", "ENABLING", "UPDATING"] | None = at(
        "Table.SSEDescription.Status", default=None
    )
    algorithm: Literal["AES256", "KMS"] | None = at("Table.SSEDescription.SSEType", default=None)
    kms_key: str | None = at("Table.SSEDescription.KMSMasterKeyArn", default=None)


class TableBackups(Resource):
    """Whether a table can be restored to a point in time, and how far back."""

    source = Aws(
        service="dynamodb",
        operation="DescribeContinuousBackups",
        permission="dynamodb:DescribeContinuousBackups",
        per=Table,
        params={"TableName": "id"},
        # Both move on with the time.
        volatile=(
            "ContinuousBackupsDescription.PointInTimeRecoveryDescription.EarliestRestorableDateTime",
            "ContinuousBackupsDescription.PointInTimeRecoveryDescription.LatestRestorableDateTime",
        ),
    )
    status: Literal["DISABLED", "ENABLED"] = at(
        "ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus"
    )
    days: int | None = at(
        "ContinuousBackupsDescription.PointInTimeRecoveryDescription.RecoveryPeriodInDays",
        default=None,
    )

    @model_validator(mode="after")
    def _has_period_if_enabled(self) -> Self:
        """DynamoDB gives the period of every table that has one, 35 days if none was set."""
        if self.status == "ENABLED" and self.days is None:
            raise ValueError("point-in-time recovery without its period")
        return self


@check(control="encryption-at-rest", severity="medium")
def encrypted(table: TableEncryption, *, require_kms: bool = False) -> Verdict:
    """DynamoDB tables are encrypted, with the kind of key that is expected.

    Passes: always without `require_kms`, because DynamoDB encrypts every table; the reason records
        the key. With `require_kms`: encryption with a key in KMS is enabled.
    Fails: with `require_kms`, a table with a key that AWS owns, or one whose key is just being
        changed.
    A table that is being deleted is not judged. A key in KMS can be the one that AWS manages for
    DynamoDB (`aws/dynamodb`) or the customer's own; both satisfy `require_kms`.
    Remediation: set the table's encryption type to KMS, with a customer managed key.
    """
    if table.state == "DELETING":
        return not_applicable("the table is DELETING")
    if table.status == "ENABLED" and table.algorithm == "KMS":
        key = f" with key {table.kms_key}" if table.kms_key is not None else ""
        return passed(f"encryption is KMS{key}")
    if table.status in ("DISABLING", "ENABLING", "UPDATING"):
        reason = f"encryption is {table.status}"
    else:
        reason = "encryption is the default AES-256 with an AWS owned key"
    return failed(f"{reason}, not KMS") if require_kms else passed(reason)


@check(control="backups", severity="high")
def pitr(table: TableBackups, *, min_days: int = 7) -> Verdict:
    """DynamoDB tables can be restored to a point in time.

    Passes: point-in-time recovery is enabled and reaches back `min_days` or more.
    Fails: it is disabled, or reaches back fewer days. Backups on demand and those of AWS Backup do
        not count.
    The period is the one that is set; a table that is younger cannot be restored to before its
    time. Says nothing of whether a restore was ever tried. Replicas of a global table are judged
    each in its region, because each has its own setting.
    Remediation: enable point-in-time recovery on the table, with a period of `min_days` at least.
    """
    if table.status == "DISABLED" or table.days is None:
        return failed("point-in-time recovery is disabled")
    reason = f"point-in-time recovery reaches back {table.days} d"
    if table.days < min_days:
        return failed(f"{reason}, fewer than {min_days}")
    return passed(reason)
