from tests.support.serving import _quiet, house

__all__ = ["_quiet", "house"]
