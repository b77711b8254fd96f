"""What leaves a locker: packages for auditors, single results, and the tools to check both."""
