"""Texts about the fields of a policy and examples of its rules, for `docs/policy.md`."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple


class FieldText(NamedTuple):
    """The text about a field: what it decides, what it costs or needs, and a value that is not the default."""

    meaning: str
    cost: str
    example: Any


FIELDS: Final[Mapping[str, FieldText]] = {
    "comment": FieldText(
        "Who may comment: `nobody`, `anyone` with a token (guests too), `member` or `entitled`. With `nobody`, threads "
        "are closed for all but staff: votes, reports and withdrawals go on, and the page shows `banner`.",
        "None: decided with the caller's standing.",
        "entitled",
    ),
    "entitlement": FieldText("The entitlement that `entitled` asks for. The one used is recorded.", "None.", "patron"),
    "premoderation": FieldText(
        "Which texts wait for a moderator: `none`, `all`, or those with `links`.",
        "A moderator's time per text.",
        "links",
    ),
    "edit_window": FieldText(
        "Seconds after posting in which an author may edit; null: always, 0: never.", "None.", 900
    ),
    "history": FieldText(
        "Who reads earlier texts and the past of a thread: `public`, `author` or `staff`.",
        "None. Where it is not `public`, the public record and the public audit room are off.",
        "author",
    ),
    "votes": FieldText("Whether there are votes at all. False means `vote: nobody`.", "None.", example=False),
    "own_votes": FieldText("Whether members may vote on their own comments.", "None.", example=True),
    "max_body": FieldText(
        "Most characters (code points) of a text.", "Long texts cost storage and make pages larger.", 2000
    ),
    "max_depth": FieldText(
        "Levels of replies. A deeper reply hangs below the deepest one allowed; 0 takes no replies.", "None.", 4
    ),
    "origins": FieldText(
        "Web origins of the publication's articles. Addresses of threads must be in one of them. Empty: any for staff, "
        "none for others.",
        "None.",
        ["https://unherd.com"],
    ),
    "rules": FieldText(
        "Rules that hold or reject texts, below. They are applied in order after `premoderation`.",
        "Under 200 µs per text with all rules and two lists of 10,000 terms (`make bench`).",
        [{"kind": "links_over", "links": 3}],
    ),
    "reply": FieldText("As `comment`, for replies; null: as `comment`.", "None.", "member"),
    "vote": FieldText("As `comment`, for votes.", "None.", "anyone"),
    "report": FieldText("As `comment`, for reports.", "None.", "anyone"),
    "grace": FieldText(
        "Seconds after posting in which an edit makes no public version, unless the comment was voted on, answered, "
        "reported or decided on before. The record keeps both texts for author and staff.",
        "None.",
        60,
    ),
    "close_after": FieldText(
        "Seconds after its opening (the original time of an import) after which a thread closes; null: never. Nothing "
        "runs at that time: each write compares. A thread's override reopens the thread.",
        "None.",
        1_209_600,
    ),
    "banner": FieldText(
        "Plain text by language that pages show above the field, of at most 500 characters.",
        "None.",
        {"en": "Comments are closed over the holidays."},
    ),
    "opening": FieldText(
        "Who opens threads: `staff`; `signed`, a first comment whose token carries `thread`, `url` and `title`; or "
        "`member`, a first comment with `url` and `title`. **`signed` is recommended**: readers open threads at "
        "once, and no title is a stranger's. A title from a member is unverified: only staff see the title until "
        "staff or a signed token give one.",
        "With `member`, a moderator's look at unverified titles and doubles (`GET /threads?opened_by=member`).",
        "signed",
    ),
    "rates": FieldText(
        "Limits of writes per member: `normal`, `off`, or an object by kind (`posts`, `votes`, `reports`, `openings`, "
        "each with `every` seconds and `burst`, or null) and `network`, the times of these that all members in one "
        "network have together (only where trusted proxies are set). Staff have none.",
        "At most 5 % of a post (`make bench`).",
        {"votes": {"every": 2, "burst": 20}},
    ),
    "trust": FieldText(
        "`after` approved comments, none rejected within `days`, make a member trusted; null: nobody by rule. A "
        "trusted member passes pre-moderation and rules that hold. A moderator's rejection ends trust, until staff "
        "give it or it is earned anew.",
        "A read beside the load of a post.",
        {"after": 5, "days": 30},
    ),
    "trusted_by": FieldText("Entitlements and badges that make a member trusted.", "None.", ["staff-writer"]),
    "claims": FieldText(
        "Where the publication's tokens have each claim, or `coral` for the tokens of Coral.",
        "None: verified tokens are cached.",
        {"sub": "user.id", "name": "user.username"},
    ),
    "roles": FieldText(
        "The roles that tokens of the site may carry. Others are ignored.",
        "None. Without `admin`, only the operator changes the policy.",
        ["moderator", "auditor"],
    ),
    "screening": FieldText(
        "External screening (docs/screening.md); null: none. `when`: `before` a text is published, which waits, or "
        "`after`. `deadline`: seconds for an answer, 1 to 60. `on_failure`: without one, a moderator decides (`hold`), "
        "or the text is published (`publish`). Where to ask is `PUT /screening`; without that, every text fails.",
        "None for the request. A text `before` waits for the screener's answer.",
        {"when": "before", "deadline": 5, "on_failure": "hold"},
    ),
    "reasons": FieldText(
        "The reasons that a decision may name by `code`: ground, `label` for staff, `tells` for the author.",
        "None.",
        [{"code": "rude", "ground": "terms", "label": {"en": "Rude"}, "tells": {"en": "Please stay polite."}}],
    ),
    "report_reasons": FieldText(
        "The same for readers' reports.", "None.", [{"code": "rude", "ground": "terms", "label": {"en": "Rude"}}]
    ),
    "appeal_window": FieldText(
        "Days in which an author may appeal, from the day that the author was told; at least 183.", "None.", 365
    ),
    "retention": FieldText(
        "Days after which withdrawn and rejected texts and notices are destroyed; null: never.", "None yet.", {}
    ),
    "erasure_delay": FieldText("Hours until an erasure is carried out.", "None yet.", 24),
    "anonymise": FieldText("Whether erasing a member keeps the texts without the person.", "None yet.", example=False),
    "digest_at": FieldText("When daily digests go out, in the site's time zone.", "None yet.", "07:00"),
    "mail_excerpt": FieldText("Whether mails quote texts: `never`, `decided` or `always`.", "None yet.", "decided"),
    "language": FieldText("Language in which the gateway writes HTML.", "None.", "de"),
    "timezone": FieldText("Time zone of times in HTML, and of a day.", "None.", "Europe/Berlin"),
    "rules_url": FieldText("Address of the house rules, shown beside the field.", "None.", "https://unherd.com/rules"),
    "guests": FieldText("Whether readers without an account get a token for a name.", "None.", example=True),
    "read_pages": FieldText("The hosted reading pages: `noindex`, `index` or `off`.", "None.", "index"),
}

RULE_EXAMPLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "links_over": {"kind": "links_over", "links": 2},
    "words": {"kind": "words", "lists": ["insults"], "tells": {"en": "A word in it is not for this page."}},
    "repeated": {"kind": "repeated", "share": 90},
    "length": {"kind": "length", "over": 3000},
    "too_fast": {"kind": "too_fast", "seconds": 10},
    "name": {"kind": "name", "reserved": ["The Editor"]},
    "first_comments": {"kind": "first_comments", "comments": 3},
    "after_rejection": {"kind": "after_rejection", "days": 7},
    "closed_hours": {"kind": "closed_hours", "from": "22:00", "to": "07:00"},
    "reports_over": {"kind": "reports_over", "reports": 3},
}
"""A rule of each kind."""
