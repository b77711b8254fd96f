"""Which AWS services are HIPAA eligible, as data, by the names that Cost Explorer gives them.

AWS publishes the list as a page (`SOURCE`) that changes without notice and keeps no old versions.
This is the page of `AS_OF`, as AWS itself kept a copy of it in its Landing Zone Accelerator for
healthcare (`COPY`); `ADDED` are services that AWS's own documentation calls eligible since. To
renew it: compare with the page, change `AS_OF`, and say so in `CHANGES.md`, since it can turn
verdicts.
"""

from __future__ import annotations

from collections.abc import Mapping

AS_OF = "2022-04-18"
SOURCE = "https://aws.amazon.com/compliance/hipaa-eligible-services-reference/"
COPY = (
    "https://github.com/awslabs/landing-zone-accelerator-on-aws reference/sample-configurations/"
    "aws-best-practices-healthcare/service-control-policies/Readme.md"
)

LISTED: Mapping[str, tuple[str, ...]] = {
    "amplify": ("AWS Amplify",),
    "api-gateway": ("Amazon API Gateway",),
    "app-mesh": ("AWS App Mesh",),
    "appflow": ("Amazon AppFlow",),
    "application-migration": ("AWS Application Migration Service",),
    "appstream": ("Amazon AppStream",),
    "appsync": ("AWS AppSync",),
    "athena": ("Amazon Athena",),
    "augmented-ai": ("Amazon Augmented AI",),
    "backup": ("AWS Backup",),
    "batch": ("AWS Batch",),
    "certificate-manager": ("AWS Certificate Manager",),
    "chime": ("Amazon Chime",),
    "cloud-directory": ("Amazon Cloud Directory",),
    "cloud-map": ("AWS Cloud Map",),
    "cloud9": ("AWS Cloud9",),
    "cloudendure": ("CloudEndure Disaster Recovery to AWS",),
    "cloudformation": ("AWS CloudFormation",),
    "cloudfront": ("Amazon CloudFront",),
    "cloudhsm": ("AWS CloudHSM",),
    "cloudtrail": ("AWS CloudTrail",),
    "cloudwatch": ("AmazonCloudWatch",),
    "codebuild": ("CodeBuild",),
    "codecommit": ("AWS CodeCommit",),
    "codedeploy": ("AWS CodeDeploy",),
    "codepipeline": ("AWS CodePipeline",),
    "cognito": ("Amazon Cognito",),
    "cognito-sync": ("Amazon Cognito Sync",),
    "comprehend": ("Amazon Comprehend",),
    "comprehend-medical": ("Amazon Comprehend Medical",),
    "config": ("AWS Config",),
    "connect": ("Amazon Connect",),
    "control-tower": ("AWS Control Tower",),
    "data-exchange": ("AWS Data Exchange",),
    "datasync": ("AWS DataSync",),
    "detective": ("Amazon Detective",),
    "direct-connect": ("AWS Direct Connect",),
    "directory-service": ("AWS Directory Service",),
    "dms": ("AWS Database Migration Service",),
    "documentdb": ("Amazon DocumentDB (with MongoDB compatibility)",),
    "dynamodb": ("Amazon DynamoDB",),
    "ebs": ("Amazon Elastic Block Store",),
    "ec2": ("Amazon Elastic Compute Cloud - Compute", "EC2 - Other"),
    "ecr": ("Amazon EC2 Container Registry (ECR)",),
    "ecs": ("Amazon Elastic Container Service", "Amazon EC2 Container Service"),
    "efs": ("Amazon Elastic File System",),
    "eks": ("Amazon Elastic Container Service for Kubernetes",),
    "elastic-beanstalk": ("AWS Elastic Beanstalk",),
    "elasticache": ("Amazon ElastiCache",),
    "elb": ("Amazon Elastic Load Balancing", "Elastic Load Balancing"),
    "emr": ("Amazon Elastic MapReduce",),
    "eventbridge": ("Amazon EventBridge", "CloudWatch Events"),
    "firewall-manager": ("AWS Firewall Manager",),
    "forecast": ("Amazon Forecast",),
    "fsx": ("Amazon FSx",),
    "global-accelerator": ("AWS Global Accelerator",),
    "glue": ("AWS Glue", "AWS Lake Formation", "AWS Glue DataBrew"),
    "guardduty": ("Amazon GuardDuty",),
    "healthlake": ("Amazon HealthLake", "AWS HealthLake"),
    "inspector": ("Amazon Inspector",),
    "iot": ("AWS IoT", "AWS IoT Device Management"),
    "iot-events": ("AWS IoT Events",),
    "iot-greengrass": ("AWS IoT Greengrass", "AWS Greengrass"),
    "kendra": ("Amazon Kendra",),
    "keyspaces": ("Amazon Keyspaces (for Apache Cassandra)",),
    "kinesis": ("Amazon Kinesis",),
    "kinesis-analytics": ("Amazon Kinesis Analytics",),
    "kinesis-firehose": ("Amazon Kinesis Firehose",),
    "kinesis-video": ("Amazon Kinesis Video Streams",),
    "kms": ("AWS Key Management Service",),
    "lambda": ("AWS Lambda",),
    "lex": ("Amazon Lex",),
    "location": ("Amazon Location Service",),
    "macie": ("Amazon Macie",),
    "managed-services": ("AWS Managed Services",),
    "mediaconnect": ("AWS Elemental MediaConnect",),
    "mediaconvert": ("AWS Elemental MediaConvert",),
    "medialive": ("AWS Elemental MediaLive",),
    "mq": ("Amazon MQ",),
    "msk": ("Amazon Managed Streaming for Apache Kafka",),
    "neptune": ("Amazon Neptune",),
    "network-firewall": ("AWS Network Firewall",),
    "opensearch": ("Amazon OpenSearch Service", "Amazon Elasticsearch Service"),
    "opsworks": ("AWS OpsWorks",),
    "organizations": ("AWS Organizations",),
    "outposts": ("AWS Outposts",),
    "personalize": ("Amazon Personalize",),
    "pinpoint": ("Amazon Pinpoint",),
    "polly": ("Amazon Polly",),
    "qldb": ("Amazon Quantum Ledger Database",),
    "quicksight": ("Amazon QuickSight",),
    "rds": ("Amazon Relational Database Service",),
    "redshift": ("Amazon Redshift",),
    "rekognition": ("Amazon Rekognition",),
    "robomaker": ("AWS RoboMaker",),
    "route-53": ("Amazon Route 53",),
    "s3": ("Amazon Simple Storage Service",),
    "s3-glacier": ("Amazon Glacier", "Amazon S3 Glacier Deep Archive"),
    "sagemaker": ("Amazon SageMaker",),
    "secrets-manager": ("AWS Secrets Manager",),
    "security-hub": ("AWS Security Hub",),
    "serverless-repository": ("AWS Serverless Application Repository",),
    "service-catalog": ("AWS Service Catalog",),
    "ses": ("Amazon Simple Email Service",),
    "shield": ("AWS Shield",),
    "snowball": ("AWS Snowball", "AWS Import/Export Snowball"),
    "snowmobile": ("AWS Snowmobile",),
    "sns": ("Amazon Simple Notification Service",),
    "sqs": ("Amazon Simple Queue Service",),
    "step-functions": ("AWS Step Functions",),
    "storage-gateway": ("AWS Storage Gateway",),
    "swf": ("Amazon Simple Workflow Service",),
    "systems-manager": ("AWS Systems Manager",),
    "textract": ("Amazon Textract",),
    "timestream": ("Amazon Timestream",),
    "transcribe": ("Amazon Transcribe",),
    "transfer": ("AWS Transfer Family",),
    "translate": ("Amazon Translate",),
    "vpc": ("Amazon Virtual Private Cloud",),
    "waf": ("AWS WAF",),
    "workdocs": ("Amazon WorkDocs",),
    "worklink": ("Amazon WorkLink",),
    "workspaces": ("Amazon WorkSpaces",),
    "x-ray": ("AWS X-Ray",),
}
"""Services of the page of `AS_OF`, with their names in Cost Explorer. What is on the page and not
here, such as Alexa for Business, which takes an agreement of its own, fails by its name."""

ADDED: Mapping[str, tuple[str, str]] = {
    "healthimaging": ("AWS HealthImaging", "https://docs.aws.amazon.com/healthimaging/index.md"),
    "healthscribe": ("AWS HealthScribe", "https://aws.amazon.com/healthscribe/faqs"),
}
"""Services that are eligible since: name in Cost Explorer, and where AWS says so."""

PARTLY = frozenset(
    {
        "augmented-ai",
        "connect",
        "directory-service",
        "elasticache",
        "managed-services",
        "pinpoint",
        "rds",
        "sagemaker",
        "transfer",
    }
)
"""Services of which the page names only some engines, protocols or features, or excepts some."""

BILLING = frozenset(
    {
        "AWS Budgets",
        "AWS Cost Explorer",
        "AWS Data Transfer",
        "AWS Support (Basic)",
        "AWS Support (Business)",
        "AWS Support (Developer)",
        "AWS Support (Enterprise)",
        "Credit",
        "Discount",
        "Refund",
        "Savings Plans for AWS Compute usage",
        "Tax",
    }
)
"""Lines of a bill that are no service which holds data."""

IDS: Mapping[str, str] = {
    **{name: service for service, names in LISTED.items() for name in names},
    **{name: service for service, (name, _) in ADDED.items()},
}
"""Name in Cost Explorer → id of the eligible service."""
