"""Which values a policy takes, and where a value is refused."""

from typing import Any

import msgspec
import pytest

from core import time_zones
from core.domain.policy_fields import LANGUAGES, NOT_IMPLEMENTED
from core.domain.site import ChangePolicy, OpenSite
from core.domain.thread import OverridePolicy
from core.events.site_events import PolicyChanged, SiteOpened
from core.events.thread_events import PolicyOverridden
from core.policy import HELD_BEFORE, OVERRIDABLE, Policy, PolicyChanges, Reason, Retention
from core.refusals import BadField
from tests.support.people import ADMIN, MOD, OPERATOR
from tests.support.story import before_anything, given, given_a_site

OTHERS: dict[str, Any] = {
    "retention": Retention(withdrawn=1),
    "erasure_delay": 0,
    "anonymise": True,
    "digest_at": "08:00",
    "mail_excerpt": "always",
    "language": "nl",
    "timezone": "Europe/Atlantis",
    "rules_url": "http://unherd.com/rules",
}
"""A value that is refused, by field."""


def opening(policy: Policy) -> OpenSite:
    return OpenSite(name="UnHerd", policy=policy, keys_kind="hs256", keys_number=1)


def changing(**fields: Any) -> ChangePolicy:
    return ChangePolicy(changes=PolicyChanges(**fields))


def test_every_field_that_nothing_acts_on_is_refused_here() -> None:
    assert set(NOT_IMPLEMENTED) <= set(OTHERS) <= set(Policy.__struct_fields__)


@pytest.mark.parametrize("name", OTHERS)
def test_a_value_that_this_version_does_not_implement_is_refused_where_it_stands(name: str) -> None:
    fields = {name: OTHERS[name]}
    before_anything().when(opening(Policy(**fields))).refused(BadField, pointer=f"/policy/{name}")
    given_a_site().when(changing(**fields), by=ADMIN).refused(BadField, pointer=f"/{name}")
    given().when(OverridePolicy(overrides=PolicyChanges(**fields)), by=MOD).refused(BadField, pointer=f"/{name}")


@pytest.mark.parametrize("name", sorted(NOT_IMPLEMENTED))
def test_the_default_of_a_field_that_nothing_acts_on_may_be_said(name: str) -> None:
    site = before_anything(SiteOpened(name="UnHerd", policy=Policy()))
    site.when(changing(**{name: getattr(Policy(), name)}), by=ADMIN).nothing_happens(settled=1)


@pytest.mark.parametrize("name", HELD_BEFORE)
def test_what_held_before_a_field_was_there_may_be_said(name: str) -> None:
    site = before_anything(SiteOpened(name="UnHerd", policy=Policy()))
    site.when(changing(**{name: HELD_BEFORE[name]}), by=ADMIN).then(
        PolicyChanged(changes=PolicyChanges(**{name: HELD_BEFORE[name]}))
    )


def test_a_site_that_was_opened_before_a_field_was_there_is_opened_again_alike() -> None:
    before_anything(SiteOpened(name="UnHerd", policy=Policy(**HELD_BEFORE))).when(opening(Policy())).nothing_happens(
        settled=1
    )


@pytest.mark.parametrize(
    "rates",
    [
        "off",
        {},
        {"posts": {"every": 3, "burst": 10}},
        {"votes": None, "openings": {"every": 0.001, "burst": 500}, "network": 0},
    ],
)
def test_a_site_has_rates_by_kind_or_none(rates: Any) -> None:
    given_a_site().when(changing(rates=rates), by=ADMIN).then(PolicyChanged(changes=PolicyChanges(rates=rates)))


@pytest.mark.parametrize(
    ("rates", "setting"),
    [
        ({"shouts": {"every": 3, "burst": 10}}, ""),
        ({"posts": {"every": 0, "burst": 10}}, "/posts/every"),
        ({"posts": {"every": 3, "burst": 0}}, "/posts/burst"),
        ({"posts": {"every": 3, "burst": 501}}, "/posts/burst"),
        ({"posts": {"every": 86_401, "burst": 1}}, "/posts/every"),
        ({"posts": {"every": 3}}, "/posts"),
        ({"posts": {"every": 3, "burst": 10, "of": "day"}}, "/posts"),
        ({"votes": "off"}, "/votes"),
        ({"network": 1001}, "/network"),
        ({"network": None}, "/network"),
    ],
)
def test_a_rate_that_is_none_is_refused_where_it_stands(rates: Any, setting: str) -> None:
    before_anything().when(opening(Policy(rates=rates))).refused(BadField, pointer=f"/policy/rates{setting}")
    given_a_site().when(changing(rates=rates), by=ADMIN).refused(BadField, pointer=f"/rates{setting}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_site_has_one_of_the_languages_that_pages_have(language: str) -> None:
    if language != Policy().language:
        given_a_site().when(changing(language=language), by=ADMIN).then(
            PolicyChanged(changes=PolicyChanges(language=language))
        )


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Argentina/Ushuaia", "Etc/GMT+5"])
def test_a_site_has_a_time_zone(zone: str) -> None:
    given_a_site().when(changing(timezone=zone), by=ADMIN).then(PolicyChanged(changes=PolicyChanges(timezone=zone)))


@pytest.mark.parametrize("zone", ["localtime", "posixrules", "Europe", "europe/berlin", "posix/Europe/Berlin"])
def test_a_file_beside_the_zones_is_no_time_zone(zone: str) -> None:
    given_a_site().when(changing(timezone=zone), by=ADMIN).refused(BadField, pointer="/timezone")


@pytest.mark.parametrize(
    "claims", ["coral", {}, {"sub": "user.id", "email": "https://kew.example/mail", "url": "link"}]
)
def test_a_policy_says_where_tokens_have_their_claims(claims: Any) -> None:
    before_anything(SiteOpened(name="UnHerd", policy=Policy(claims={"name": "n"}))).when(
        changing(claims=claims), by=ADMIN
    ).then(PolicyChanged(changes=PolicyChanges(claims=claims)))


@pytest.mark.parametrize("name", ["exp", "nbf", "colour", "Sub"])
def test_only_claims_that_hansard_reads_are_placed(name: str) -> None:
    given_a_site().when(changing(claims={name: "x"}), by=ADMIN).refused(BadField, pointer=f"/claims/{name}")


def test_a_list_of_roles_is_a_set() -> None:
    given_a_site().when(changing(roles=("admin", "moderator")), by=ADMIN).then(
        PolicyChanged(changes=PolicyChanges(roles=("moderator", "admin")))
    )
    given_a_site().when(changing(roles=("admin", "auditor", "moderator")), by=ADMIN).nothing_happens(settled=1)
    given_a_site().when(changing(roles=("admin", "admin")), by=ADMIN).refused(BadField, pointer="/roles")


def test_the_operator_helps_a_site_that_counts_no_admin() -> None:
    given_a_site().when(changing(roles=("admin",)), by=OPERATOR).then(
        PolicyChanged(changes=PolicyChanges(roles=("admin",)))
    )


def test_without_time_zone_data_there_is_utc_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_zones, "_names", frozenset)
    given_a_site().when(changing(timezone="UTC"), by=ADMIN).nothing_happens(settled=1)
    given_a_site().when(changing(timezone="Europe/Berlin"), by=ADMIN).refused(BadField, pointer="/timezone")


def test_the_address_of_the_house_rules_is_stored_normalised() -> None:
    given_a_site().when(changing(rules_url="HTTPS://UnHerd.com:443/Größe"), by=ADMIN).then(
        PolicyChanged(changes=PolicyChanges(rules_url="https://unherd.com/Gr%C3%B6%C3%9Fe"))
    )
    before_anything().when(opening(Policy(rules_url="https://UNHERD.com"))).then(
        SiteOpened(name="UnHerd", policy=Policy(rules_url="https://unherd.com"))
    )


@pytest.mark.parametrize("url", ["https://a:b@unherd.com", "ftp://unherd.com", "rules", "https://unherd.com/\u202e"])
def test_the_address_of_the_house_rules_is_https_without_a_user(url: str) -> None:
    given_a_site().when(changing(rules_url=url), by=ADMIN).refused(BadField, pointer="/rules_url")


def test_words_of_a_policy_are_stored_normalised() -> None:
    banner = {"en": " Stay\u202e kind.\r\n", "de": "Bitte freundlich."}
    changes = PolicyChanges(banner={"en": "Stay kind.", "de": "Bitte freundlich."})
    given_a_site().when(changing(banner=banner), by=ADMIN).then(PolicyChanged(changes=changes))
    given().when(OverridePolicy(overrides=PolicyChanges(banner=banner)), by=MOD).then(
        PolicyOverridden(overrides=changes)
    )
    reasons = (Reason(code="rude", ground="terms", label={"en": "Rude "}, tells={"en": " It was rude."}),)
    stored = (Reason(code="rude", ground="terms", label={"en": "Rude"}, tells={"en": "It was rude."}),)
    given_a_site().when(changing(report_reasons=reasons), by=ADMIN).then(
        PolicyChanged(changes=PolicyChanges(report_reasons=stored))
    )


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"banner": {"en": "\u200b"}}, "/banner/en"),
        ({"report_reasons": (Reason(code="spam", ground="law"),) * 2}, "/report_reasons"),
        ({"report_reasons": (Reason(code="spam", ground="law", tells={"en": ""}),)}, "/report_reasons/0/tells/en"),
    ],
)
def test_words_of_a_policy_can_be_seen_and_its_reasons_differ(fields: dict[str, Any], pointer: str) -> None:
    given_a_site().when(changing(**fields), by=ADMIN).refused(BadField, pointer=pointer)
    before_anything().when(opening(Policy(**fields))).refused(BadField, pointer=f"/policy{pointer}")


@pytest.mark.parametrize("name", sorted(set(Policy.__struct_fields__) - OVERRIDABLE))
def test_a_thread_does_not_override_what_is_the_sites_alone(name: str) -> None:
    overrides = PolicyChanges(**{name: getattr(Policy(), name)})
    given().when(OverridePolicy(overrides=overrides), by=MOD).refused(BadField, pointer=f"/{name}")


def test_a_thread_overrides_the_other_fields() -> None:
    overrides = PolicyChanges(**{name: getattr(Policy(), name) for name in OVERRIDABLE})
    given().when(OverridePolicy(overrides=overrides), by=MOD).then(PolicyOverridden(overrides=overrides))


def test_a_policy_and_its_changes_have_the_same_fields_of_the_same_types() -> None:
    assert set(PolicyChanges.__struct_fields__) == set(Policy.__struct_fields__)
    for field in msgspec.structs.fields(Policy):
        value = getattr(Policy(), field.name)
        changes = msgspec.convert(msgspec.to_builtins({field.name: value}), PolicyChanges)
        assert Policy().with_changes(changes) == Policy()
