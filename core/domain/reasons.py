"""The reasons of a policy, as a decision, a suspension or a warning names one by its code."""

from core.policy import Ground, Policy, Reason
from core.refusals import BadField, UnknownCode
from core.text.unicode import words_or_none


def reason_of(policy: Policy, code: str) -> Reason:
    """Return the reason with this code. Raises UnknownCode."""
    reason = reason_or_none(policy, code)
    if reason is None:
        raise UnknownCode
    return reason


def reason_or_none(policy: Policy, code: str) -> Reason | None:
    """Return the reason with this code; None if the policy lists none."""
    return next((reason for reason in policy.reasons if reason.code == code), None)


def ground_of(policy: Policy, code: str | None) -> Ground | None:
    """Return the ground of the reason with this code; None without a code. Raises UnknownCode."""
    return None if code is None else reason_of(policy, code).ground


def reason_and_code(policy: Policy, reason: str | None, code: str | None) -> tuple[str | None, str | None]:
    """Return the words for the member, which are those of the code unless there are others, and the code.

    Raises UnknownCode, and BadField if there is neither.
    """
    words = words_or_none(reason)
    if code is None:
        if words is None:
            raise BadField("/reason", "a reason or a code is required")
        return words, None
    return words or reason_of(policy, code).told_in(policy.language), code
