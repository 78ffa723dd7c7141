"""The checks of `hansard doctor`."""
