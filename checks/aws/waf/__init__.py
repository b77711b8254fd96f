"""AWS WAF: web firewalls."""
