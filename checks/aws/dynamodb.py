"""Amazon DynamoDB: tables."""

from typing import Literal

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
    status: Literal["DISABLED", "DISABLING", "ENABLED", "ENABLING", "UPDATING"] | None = at(
        "Table.SSEDescription.Status", default=None
    )
    algorithm: Literal["AES256", "KMS"] | None = at("Table.SSEDescription.SSEType", default=None)
    kms_key: str | None = at("Table.SSEDescription.KMSMasterKeyArn", default=None)


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
