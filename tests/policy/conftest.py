from tests.support.serving import _quiet, gateway, house

__all__ = ["_quiet", "gateway", "house"]
