"""The projector: keeps the views of its partitions level with the log."""
