"""Every process of Hansard: the gateway, the projector, the server of its own, the command line."""
