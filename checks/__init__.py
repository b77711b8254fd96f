"""What is read and what is concluded: one module per cloud service."""
