"""Cloud SQL: instances."""

from typing import Literal

from collector.check import Verdict, check, failed, not_applicable, passed
from collector.resource import Resource, at
from collector.source import Gcp


class SqlInstance(Resource):
    """An instance, by name. Replicas are instances of their own."""

    source = Gcp(
        api="sqladmin",
        version="v1",
        collection="instances",
        permission="cloudsql.instances.list",
        items="items",
        constants={"project": "{account}"},
    )
    full_name = "//cloudsql.googleapis.com/projects/{account}/instances/{id}"
    id: str = at("name")
    type: Literal[
        "CLOUD_SQL_INSTANCE",
        "GREEN_INSTANCE",
        "ON_PREMISES_INSTANCE",
        "READ_POOL_INSTANCE",
        "READ_REPLICA_INSTANCE",
        "SQL_INSTANCE_TYPE_UNSPECIFIED",
    ] = at("instanceType", default="SQL_INSTANCE_TYPE_UNSPECIFIED")
    ssl_mode: Literal[
        "ALLOW_UNENCRYPTED_AND_ENCRYPTED",
        "ENCRYPTED_ONLY",
        "SSL_MODE_UNSPECIFIED",
        "TRUSTED_CLIENT_CERTIFICATE_REQUIRED",
    ] = at("settings.ipConfiguration.sslMode", default="SSL_MODE_UNSPECIFIED")
    require_ssl: bool = at("settings.ipConfiguration.requireSsl", default=False)


@check(control="encryption-in-transit", severity="high")
def tls_required(instance: SqlInstance) -> Verdict:
    """Cloud SQL instances refuse unencrypted connections.

    Passes: `sslMode` is ENCRYPTED_ONLY or TRUSTED_CLIENT_CERTIFICATE_REQUIRED, or it is unset and
        the older `requireSsl` is true.
    Fails: anything else. `sslMode` wins where the two disagree, as it does in the API.
    Instances on the customer's premises, which Cloud SQL only replicates from, are not applicable.
    Says nothing of the TLS version, and of connections through Cloud SQL's own connectors, which
    are encrypted whatever the mode.
    Remediation: set the instance's SSL mode to ENCRYPTED_ONLY or stricter.
    """
    if instance.type == "ON_PREMISES_INSTANCE":
        return not_applicable("on the customer's premises, not managed by Cloud SQL")
    match instance.ssl_mode:
        case "ENCRYPTED_ONLY" | "TRUSTED_CLIENT_CERTIFICATE_REQUIRED":
            return passed(f"sslMode is {instance.ssl_mode}")
        case "SSL_MODE_UNSPECIFIED" if instance.require_ssl:
            return passed("requireSsl is true")
        case "SSL_MODE_UNSPECIFIED" | "ALLOW_UNENCRYPTED_AND_ENCRYPTED":
            return failed(f"sslMode is {instance.ssl_mode}, which lets in plain connections")
