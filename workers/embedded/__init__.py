"""The embedded server: a Valkey from a wheel, as a child process."""
