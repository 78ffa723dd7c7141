import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.authoring import LONGEST_BADGE
from core.ids import is_member
from workers.importers.planning.author_ids import ANONYMOUS, AuthorIds, BadTemplate, checked_template, shown_name
from workers.importers.source_records import SourcePerson

IDS = AuthorIds(source="wp", template="wp:{id}", key=b"k" * 32)
TEXT = st.text(max_size=12) | st.sampled_from(["x" * 80, "guest:1", "a@b.cd"])


@given(fields=st.dictionaries(st.sampled_from(["id", "username"]), TEXT), name=TEXT, email=st.none() | TEXT)
def test_everybody_gets_a_valid_id_and_a_name(fields: dict[str, str], name: str, email: str | None) -> None:
    person = IDS.sealed(SourcePerson(fields=fields, name=name, email=email, badges=("x" * 99, " ")))
    found = IDS.person(person, "thread", "wp-1")
    assert is_member(found.id)
    assert not found.id.startswith("guest:")
    assert found.name
    assert all(0 < len(badge) <= LONGEST_BADGE for badge in found.badges)


def test_an_id_that_no_token_can_have_is_hashed_and_told() -> None:
    assert IDS.made({"id": "7"}) == "wp:7"
    for wrong in ("$84044", "x" * 65, "", "a b"):
        template = AuthorIds(source="wp", template="{id}", key=IDS.key)
        assert template.made({"id": wrong}) is None
        assert template.member({"id": wrong}).startswith("wp-member:")
    assert AuthorIds(source="wp", template="{id}", key=IDS.key).made({"id": "guest:1"}) is None


def test_another_key_makes_other_guests() -> None:
    person = SourcePerson(name="Ada", email="ada@mail.example")
    other = AuthorIds(source="wp", template="wp:{id}", key=b"o" * 32)
    assert IDS.sealed(person).email != other.sealed(person).email
    assert "ada" not in (IDS.sealed(person).email or "")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Ada &amp; Bo", "Ada & Bo"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("<b>Ada</b>", "Ada"),
        ("Ada <ada@mail.example>", "Ada"),
        ("ada@mail.example", ""),
        ("203.0.113.7", ""),
        ("Guest from 203.0.113.7", "Guest from"),
        ("2001:db8:85a3:0:0:8a2e:370:7334", ""),
        ("  Ada\n Lovelace ", "Ada Lovelace"),
        ("Version 1.2.3", "Version 1.2.3"),
        ("A@B", "A@B"),
        ("\u202eevil", "evil"),
    ],
)
def test_a_name_is_shown_without_addresses(name: str, shown: str) -> None:
    assert shown_name(name) == shown
    assert IDS.person(SourcePerson(name=name), "t", "c").name == (shown or ANONYMOUS)


@pytest.mark.parametrize("template", ["x", "{}", "{0}", "{id!r}", "{id:>9}", "{name}", "{id.x}", "{id", "{id[0]}"])
def test_a_template_that_names_no_field_is_refused(template: str) -> None:
    with pytest.raises(BadTemplate):
        checked_template(template, ("id", "username"))


@pytest.mark.parametrize("template", ["{id}", "wp:{id}", "{id}-{username}"])
def test_others_are_taken(template: str) -> None:
    assert checked_template(template, ("id", "username")) == template
