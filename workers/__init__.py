"""All processes of Hansard: the gateway, the projector, the embedded server and the command line."""
