"""The systemd units and the Kubernetes manifests name what exists, and give a process the time and rights it needs."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from workers.gateway.operations.health import OPERATIONS
from workers.runtime import settings
from workers.runtime.settings import PREFIX, Settings

DEPLOY: Final = Path(__file__).parents[2] / "deploy"
UNITS: Final = {role: DEPLOY / f"hansard-{role}@.service" for role in ("gateway", "projector", "screener")}
KUBERNETES: Final = DEPLOY / "kubernetes"
OF_FILE: Final = "_FILE"
"""Ends the name of a setting that names the file in which a secret is."""
SECRETS: Final = {
    "admin_secret": "s" * 32,
    "contacts_key": "c" * 32,
    "redis_url": "redis://user:word@redis.example:6379",
}


def is_setting(variable: str) -> bool:
    return variable.startswith(PREFIX) and variable.removeprefix(PREFIX).lower() in settings.NAMES


def read(variables: dict[str, str], *, where: str, home: Path) -> Settings:
    """The settings of a process with these variables; its secrets lie in files of `home` instead of in `where`."""
    for name, secret in SECRETS.items():
        (home / name.replace("_", "-")).write_text(f"{secret}\n")
    return settings.read({name: value.replace(where, str(home)) for name, value in variables.items()})


# systemd


def directives(role: str) -> list[tuple[str, str]]:
    lines = UNITS[role].read_text().splitlines()
    pairs = [line.partition("=") for line in lines if "=" in line and not line.startswith("#")]
    return [(name, value) for name, _, value in pairs]


def environment(role: str) -> dict[str, str]:
    pairs = [value.partition("=") for name, value in directives(role) if name == "Environment"]
    return {name: value for name, _, value in pairs}


@pytest.mark.parametrize("role", UNITS)
def test_a_unit_starts_its_role_with_settings_that_exist(role: str) -> None:
    (started,) = (value for name, value in directives(role) if name == "ExecStart")
    assert re.fullmatch(rf"/\S+/hansard {role} --port %i", started)
    assert environment(role)
    assert [name for name in environment(role) if not is_setting(name)] == []


@pytest.mark.parametrize("role", UNITS)
def test_a_unit_gives_every_secret_as_a_credential_and_none_in_the_environment(role: str) -> None:
    loaded = {value.partition(":")[0] for name, value in directives(role) if name == "LoadCredential"}
    files = {name: value for name, value in environment(role).items() if name.endswith(OF_FILE)}
    assert {name.removeprefix(PREFIX).removesuffix(OF_FILE).lower() for name in files} == settings.SECRET
    assert set(files.values()) == {f"%d/{credential}" for credential in loaded}
    assert not {name.removeprefix(PREFIX).lower() for name in environment(role)} & settings.SECRET


@pytest.mark.parametrize("role", UNITS)
def test_what_a_unit_sets_can_be_read(role: str, tmp_path: Path) -> None:
    found = read(
        {name: value.replace("%i", "8400") for name, value in environment(role).items()}, where="%d", home=tmp_path
    )
    assert {name: getattr(found, name) for name in SECRETS} == SECRETS
    assert found.operations_place == (("127.0.0.1", 18400) if role == "gateway" else None)


@pytest.mark.parametrize("role", UNITS)
def test_a_unit_waits_longer_than_a_drain_before_it_kills(role: str) -> None:
    assert int(dict(directives(role))["TimeoutStopSec"]) > Settings().drain


def test_both_units_have_the_same_rights() -> None:
    rights = {}
    for role, path in UNITS.items():
        _, _, rights[role] = path.read_text().partition("nothing else is needed.\n")
    assert rights["gateway"] == rights["projector"] != ""
    assert "DynamicUser=yes" in rights["gateway"]


@pytest.mark.parametrize("role", UNITS)
def test_systemd_finds_nothing_wrong_with_a_unit(role: str, tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd-analyze on the PATH: apt-get install systemd")
    unit = tmp_path / UNITS[role].name
    unit.write_text(UNITS[role].read_text().replace("/opt/hansard/bin/hansard", sys.executable))
    done = subprocess.run([program, "verify", str(unit)], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if "hansard-" in line] == []


# Kubernetes


def manifests(kind: str) -> Iterator[dict[str, Any]]:
    for path in sorted(KUBERNETES.glob("*.yaml")):
        yield from (one for one in yaml.safe_load_all(path.read_text()) if one["kind"] == kind)


def named(kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and `spec` of each."""
    return ((one["metadata"]["name"], one["spec"]) for one in manifests(kind))


def pods() -> dict[str, dict[str, Any]]:
    """The pods by the role that they start."""
    specs = [spec["template"]["spec"] for _, spec in named("Deployment")]
    return {spec["containers"][0]["args"][0]: spec for spec in specs}


def variables(pod: dict[str, Any]) -> dict[str, str]:
    (container,) = pod["containers"]
    return {one["name"]: one["value"] for one in container["env"]}


def test_the_pods_are_the_two_roles_with_settings_that_exist() -> None:
    assert set(pods()) == set(UNITS)
    for pod in pods().values():
        assert [name for name in variables(pod) if not is_setting(name)] == []
        assert pod["enableServiceLinks"] is False, "HANSARD_PORT would be an address"
    assert len({variables(pod)["HANSARD_DURABILITY"] for pod in pods().values()}) == 1


@pytest.mark.parametrize("role", UNITS)
def test_what_a_pod_sets_can_be_read(role: str, tmp_path: Path) -> None:
    pod = pods()[role]
    where = pod["containers"][0]["volumeMounts"][0]["mountPath"]
    found = read(variables(pod), where=where, home=tmp_path)
    assert {name: getattr(found, name) for name in SECRETS} == SECRETS


def test_the_kustomization_lists_every_manifest_and_says_how_to_make_the_secrets() -> None:
    (own,) = manifests("Kustomization")
    assert {*own["resources"], "kustomization.yaml"} == {path.name for path in KUBERNETES.iterdir()}
    told = (KUBERNETES / "kustomization.yaml").read_text()
    made = set(re.findall(r"--from-literal=([\w-]+)=", told))
    (secret,) = re.findall(r"create secret generic (\S+)", told)
    for pod in pods().values():
        (mount,), (volume,) = pod["containers"][0]["volumeMounts"], pod["volumes"]
        assert volume["secret"]["secretName"] == secret
        files = {name: value for name, value in variables(pod).items() if name.endswith(OF_FILE)}
        assert {name.removeprefix(PREFIX).removesuffix(OF_FILE).lower() for name in files} == settings.SECRET
        assert set(files.values()) == {f"{mount['mountPath']}/{name}" for name in made}


def test_probes_ask_what_is_served_at_a_port_that_is_there() -> None:
    asked = {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    assert set(asked.values()) <= {call.path for call in OPERATIONS}
    for pod in pods().values():
        (container,) = pod["containers"]
        ports = {port["name"]: port["containerPort"] for port in container["ports"]}
        assert variables(pod)["HANSARD_OPERATIONS"] == f"0.0.0.0:{ports['operations']}"
        for probe, path in asked.items():
            assert container[probe]["httpGet"] == {"path": path, "port": "operations"}


def test_a_pod_has_the_time_to_drain_and_no_rights() -> None:
    (user,) = re.findall(r"^USER (\d+):(\d+)$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    for pod in pods().values():
        (container,) = pod["containers"]
        pause = int(
            container.get("lifecycle", {"preStop": {"exec": {"command": [0]}}})["preStop"]["exec"]["command"][-1]
        )
        assert pod["terminationGracePeriodSeconds"] > pause + Settings().drain
        assert (pod["securityContext"]["runAsUser"], pod["securityContext"]["runAsGroup"]) == tuple(map(int, user))
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }


def test_the_service_passes_on_the_gateway_and_no_operations() -> None:
    (service,) = manifests("Service")
    (port,) = service["spec"]["ports"]
    assert port["targetPort"] == "http"
    labels = {one["metadata"]["name"]: one["spec"]["template"]["metadata"]["labels"] for one in manifests("Deployment")}
    assert service["spec"]["selector"] == labels["hansard-gateway"]
    budgets = {
        one["metadata"]["name"]: one["spec"]["selector"]["matchLabels"] for one in manifests("PodDisruptionBudget")
    }
    assert budgets == labels
