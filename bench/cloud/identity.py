"""People, roles, keys, and what watches the account."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from bench.cloud.place import ACCOUNT, REGIONS, Builder
from collector.resource import lookup


def seed(make: Builder) -> None:
    """Make users, groups, roles, policies, keys, secrets, and what there is once."""
    _people(make)
    _roles(make)
    _keys(make)
    _once(make)


def _document(effect: dict[str, object]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **effect}]})


def _people(make: Builder) -> None:
    iam = make.open_client("iam", REGIONS[0])
    for group in make.several("iam group", 3):
        iam.create_group(GroupName=group.name)
        allowed = _document({"Action": ["ec2:Describe*", "s3:List*"], "Resource": "*"})
        iam.put_group_policy(GroupName=group.name, PolicyName="own", PolicyDocument=allowed)
    for user in make.several("iam user", 20):
        iam.create_user(UserName=user.name)
        iam.add_user_to_group(GroupName=f"{_GROUPS[user.number % 3]}", UserName=user.name)
        if not user.one_in(4):
            iam.create_login_profile(UserName=user.name, Password="Not-a-pass-phrase-1")
        if not user.one_in(5):
            made = iam.create_virtual_mfa_device(VirtualMFADeviceName=user.name)
            iam.enable_mfa_device(
                UserName=user.name,
                SerialNumber=lookup(made, "VirtualMFADevice.SerialNumber"),
                AuthenticationCode1="123456",
                AuthenticationCode2="654321",
            )
        if user.one_in(2):
            iam.create_access_key(UserName=user.name)
        if user.one_in(10):
            allowed = _document({"Action": "s3:GetObject", "Resource": "*"})
            iam.put_user_policy(UserName=user.name, PolicyName="own", PolicyDocument=allowed)


_GROUPS = ("patients-000", "claims-001", "portal-002")


def _roles(make: Builder) -> None:
    iam = make.open_client("iam", REGIONS[0])
    for policy in make.several("iam policy", 10):
        action: object = "*" if policy.one_in(10) else ["s3:GetObject", "s3:ListBucket"]
        iam.create_policy(
            PolicyName=policy.name,
            PolicyDocument=_document({"Action": action, "Resource": "*"}),
        )
    for role in make.several("iam role", 16):
        trusted = {"AWS": "arn:aws:iam::210987654321:root"} if role.one_in(8) else None
        principal = trusted or {"Service": "lambda.amazonaws.com"}
        iam.create_role(
            RoleName=role.name,
            AssumeRolePolicyDocument=_document(
                {"Principal": principal, "Action": "sts:AssumeRole"}
            ),
        )
        allowed = _document({"Action": "logs:PutLogEvents", "Resource": "*"})
        iam.put_role_policy(RoleName=role.name, PolicyName="own", PolicyDocument=allowed)
        number = role.number % 10
        arn = f"arn:aws:iam::{ACCOUNT}:policy/{_NAMES[number % 8]}-{number:03}"
        iam.attach_role_policy(RoleName=role.name, PolicyArn=arn)


_NAMES = ("patients", "claims", "portal", "billing", "intake", "imaging", "fax", "reports")


def _keys(make: Builder) -> None:
    for key in make.several("kms key", 8):
        kms = key.client("kms")
        made = str(lookup(kms.create_key(Description=key.name), "KeyMetadata.KeyId"))
        kms.create_alias(AliasName=f"alias/{key.name}", TargetKeyId=made)
        if not key.one_in(4):
            kms.enable_key_rotation(KeyId=made)
    for secret in make.several("secretsmanager secret", 8):
        secret.client("secretsmanager").create_secret(Name=secret.name, SecretString="none")
    private, issued = _certificate()
    for certificate in make.several("acm certificate", 4):
        certificate.client("acm").import_certificate(Certificate=issued, PrivateKey=private)


def _certificate() -> tuple[bytes, bytes]:
    """A key and a certificate, as PEM. moto would make a key for each that is requested, slowly."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "portal.example.com")])
    issued = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=30))
        .not_valid_after(datetime.now(UTC) + timedelta(days=300))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem, issued.public_bytes(Encoding.PEM)


def _once(make: Builder) -> None:
    home = REGIONS[0]
    make.once("iam").update_account_password_policy(
        MinimumPasswordLength=14,
        RequireSymbols=True,
        RequireNumbers=True,
        RequireUppercaseCharacters=True,
        RequireLowercaseCharacters=True,
        PasswordReusePrevention=24,
    )
    make.once("organizations").create_organization(FeatureSet="ALL")
    make.once("account").put_alternate_contact(
        AlternateContactType="SECURITY",
        EmailAddress="security@example.com",
        Name="Security",
        PhoneNumber="+1 555 0100",
        Title="Officer",
    )
    s3 = make.open_client("s3", home)
    make.made["s3 bucket"] += 1
    s3.create_bucket(Bucket="the-trail")
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(
        Bucket="the-trail", ServerSideEncryptionConfiguration={"Rules": [rule]}
    )
    allowed = {"Service": "cloudtrail.amazonaws.com"}
    s3.put_bucket_policy(
        Bucket="the-trail",
        Policy=_document(
            {"Principal": allowed, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::the-trail/*"}
        ),
    )
    trail = make.once("cloudtrail")
    trail.create_trail(
        Name="all",
        S3BucketName="the-trail",
        IsMultiRegionTrail=True,
        IncludeGlobalServiceEvents=True,
        EnableLogFileValidation=True,
    )
    trail.start_logging(Name="all")
    make.once("s3control").put_public_access_block(
        AccountId=ACCOUNT,
        PublicAccessBlockConfiguration=dict.fromkeys(
            (
                "BlockPublicAcls",
                "IgnorePublicAcls",
                "BlockPublicPolicy",
                "RestrictPublicBuckets",
            ),
            True,
        ),
    )
    for region in REGIONS:
        make.once("guardduty", region).create_detector(Enable=True)
        make.once("securityhub", region).enable_security_hub()
        make.once("inspector2", region).enable(accountIds=[ACCOUNT], resourceTypes=["EC2", "ECR"])
        config = make.once("config", region)
        config.put_configuration_recorder(
            ConfigurationRecorder={
                "name": "default",
                "roleARN": f"arn:aws:iam::{ACCOUNT}:role/patients-000",
                "recordingGroup": {"allSupported": True, "includeGlobalResourceTypes": True},
            }
        )
        config.put_delivery_channel(
            DeliveryChannel={"name": "default", "s3BucketName": "the-trail"}
        )
        config.start_configuration_recorder(ConfigurationRecorderName="default")
        make.open_client("ec2", region).enable_ebs_encryption_by_default()
