"""Alarms: of CloudWatch, and on what CloudTrail records."""
