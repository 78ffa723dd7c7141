"""Shapes of requests and responses, for decoding, for the OpenAPI document and for tests."""
