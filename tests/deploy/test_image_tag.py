"""The tag of the image is the version: what runs can be read from it, and two versions can be there at a time."""

import tomllib
from pathlib import Path

import yaml

TOP = Path(__file__).parents[2]


def version() -> str:
    found: str = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]["version"]
    return found


def test_compose_tags_the_image_with_the_version() -> None:
    services = yaml.safe_load((TOP / "deploy" / "compose.yaml").read_text())["services"]
    assert {services[role]["image"] for role in ("gateway", "projector")} == {f"hansard:{version()}"}


def test_kubernetes_pulls_the_image_with_the_version() -> None:
    (image,) = yaml.safe_load((TOP / "deploy" / "kubernetes" / "kustomization.yaml").read_text())["images"]
    assert (image["name"], image["newTag"]) == ("hansard", version())
