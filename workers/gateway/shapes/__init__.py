"""What requests and answers look like, for decoding, for the OpenAPI document and for tests."""
