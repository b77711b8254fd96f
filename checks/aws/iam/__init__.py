"""AWS IAM: the root user, users' credentials, policies, roles, and IAM Identity Center."""
