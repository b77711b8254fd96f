"""Amazon API Gateway: REST, HTTP and WebSocket APIs, and their domains."""
