"""Facts of an import about a discussion itself: lifecycle, labels, its own policy, and questions of its article."""

from typing import Literal

from core.domain.import_fact import Fact
from core.policy import Overrides


class OpenedFact(Fact, frozen=True, kw_only=True, tag="open"):
    """The discussion of an article began. With `unverified`, the title is that of a member's first comment."""

    url: str
    title: str
    labels: tuple[str, ...] = ()
    unverified: bool = False


class RetitledFact(Fact, frozen=True, kw_only=True, tag="retitle"):
    """The title or the address of the article changed, or its title was verified."""

    url: str
    title: str


class LabelledFact(Fact, frozen=True, kw_only=True, tag="label"):
    """The labels of the discussion were replaced."""

    labels: tuple[str, ...] = ()


class ClosedFact(Fact, frozen=True, kw_only=True, tag="close"):
    """The discussion takes no more comments; an archived one nothing but withdrawals and moderation."""

    status: Literal["closed", "archived"] = "closed"
    reason: str | None = None


class ReopenedFact(Fact, frozen=True, kw_only=True, tag="reopen"):
    """The discussion takes comments again."""

    reason: str | None = None


class OverriddenFact(Fact, frozen=True, kw_only=True, tag="override"):
    """The discussion's own policy was replaced. A field that is not set follows the site."""

    policy: Overrides


class AnchoredFact(Fact, frozen=True, kw_only=True, tag="anchor"):
    """A question was asked about a passage of the article; or one that was asked has now these words and this state."""

    anchor: str
    exact: str = ""
    prefix: str | None = None
    suffix: str | None = None
    prompt: str | None = None
    closed: bool = False
