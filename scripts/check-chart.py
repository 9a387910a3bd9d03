#!/usr/bin/env python3
"""check-chart.py TOOLS [EXPORTER]: checks the Helm chart and the kustomization; with EXPORTER, only whether that program accepts
the configurations that they render.

Both are rendered by the programs themselves (helm 3 and 4, kubectl in the folder TOOLS), every value file of the chart's `ci` and
every one of `refused`. What comes out is held against the schemas of Kubernetes (kubernetes-validate, the oldest and the
newest version), against those of the Prometheus operator, and against what this project promises of it."""

import copy
import functools
import importlib.metadata
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import jsonschema
import kubernetes_validate
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHART = ROOT / "deploy/helm/mysql-replication-exporter"
RELEASE, NAMESPACE = "fleet", "monitoring"
failures = []


def expect(condition, message):
    if not condition:
        failures.append(message)


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)


# Schemas


def closed(schema):
    """The schema without room for unknown keys, as the API server has it for objects of its own."""
    if isinstance(schema, dict):
        result = {key: closed(value) for key, value in schema.items()}
        if "properties" in schema and isinstance(schema["properties"], dict) and schema.get("type") == "object":
            result.setdefault("additionalProperties", False)
        return result
    return [closed(item) for item in schema] if isinstance(schema, list) else schema


@functools.cache
def operator_schema(kind):
    # Takes four seconds, which are not needed for the configurations alone.
    from cloudcoil.models.prometheus_operator import v1 as operator

    model = getattr(operator, kind)
    specification = model.model_fields["spec"].annotation
    return jsonschema.Draft202012Validator(closed(specification.model_json_schema(by_alias=True)))


def versions():
    """The oldest version of Kubernetes that the chart admits, and the newest that there is a schema for."""
    oldest = re.match(r">=(\d+\.\d+)", yaml.safe_load((CHART / "Chart.yaml").read_text())["kubeVersion"])[1]
    return [oldest, kubernetes_validate.latest_version()]


def validate(name, objects):
    for item in objects:
        what = f"{name}: {item['kind']} {item['metadata']['name']}"
        if item["apiVersion"].startswith("monitoring.coreos.com/"):
            for error in operator_schema(item["kind"]).iter_errors(item["spec"]):
                expect(False, f"{what}: {error.json_path}: {error.message}")
            continue
        for version in versions():
            try:
                kubernetes_validate.validate(item, version, strict=True)
            except Exception as error:
                expect(False, f"{what}, Kubernetes {version}: {getattr(error, 'message', error)}")


# What is promised of every rendering


def only(objects, kind):
    found = [item for item in objects if item["kind"] == kind]
    expect(len(found) <= 1, f"more than one {kind}")
    return found[0] if found else None


def check_pod(name, objects):
    deployment = only(objects, "Deployment")
    spec = deployment["spec"]
    expect(spec["replicas"] == 1 and spec["strategy"] == {"type": "Recreate"}, f"{name}: two pods may write the heartbeat at once")
    pod = spec["template"]["spec"]
    container = pod["containers"][0]
    # The profile `restricted` of the Pod Security Standards, and more.
    security = container["securityContext"]
    expect(
        pod["securityContext"].get("runAsNonRoot")
        and pod["securityContext"].get("seccompProfile") == {"type": "RuntimeDefault"}
        and security.get("allowPrivilegeEscalation") is False
        and security.get("readOnlyRootFilesystem")
        and security.get("capabilities") == {"drop": ["ALL"]}
        and pod.get("automountServiceAccountToken") is False,
        f"{name}: the pod's security context is not as tight as it was",
    )
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    expect(mounted == {volume["name"] for volume in pod["volumes"]}, f"{name}: volumes and mounts differ")
    for volume in pod["volumes"]:
        if "secret" in volume:
            expect(volume["secret"].get("defaultMode") == 0o440, f"{name}: the secret {volume['name']} is readable by all")
    selector = spec["selector"]["matchLabels"]
    expect(selector.items() <= spec["template"]["metadata"]["labels"].items(), f"{name}: the Deployment does not select its pods")
    service = only(objects, "Service")
    expect(service["spec"]["selector"] == selector, f"{name}: the Service does not select the pods")
    with_password = any(argument.startswith("--web.config.file") for argument in container["args"])
    for probe in ["livenessProbe", "readinessProbe"]:
        expect(
            ("tcpSocket" in container[probe]) == with_password,
            f"{name}: {probe} must connect only where a password is asked for, and nowhere else",
        )
    policy = only(objects, "NetworkPolicy")
    if policy:
        expect(policy["spec"]["podSelector"].get("matchLabels") == selector, f"{name}: the NetworkPolicy has other pods")
        expect(policy["spec"]["ingress"][0]["from"], f"{name}: the NetworkPolicy admits everybody")
    monitor = only(objects, "ServiceMonitor")
    if monitor:
        endpoint = monitor["spec"]["endpoints"][0]
        expect(endpoint.get("honorLabels") is True, f"{name}: a target label `node` takes the place of the series' own")
        expect(
            monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items(),
            f"{name}: the ServiceMonitor does not select the Service",
        )
        expect(endpoint["port"] == service["spec"]["ports"][0]["name"], f"{name}: the ServiceMonitor names another port")
        expect({"targetLabel": "job", "replacement": "mysql-replication"} in endpoint["relabelings"], f"{name}: the rules need the job")
        expect(("basicAuth" in endpoint) == with_password, f"{name}: the ServiceMonitor and the exporter differ on a password")
    check_rule(name, only(objects, "PrometheusRule"))


def check_rule(name, rule):
    if rule is None:
        return
    wanted = []
    for file in ["mysql-replication.rules.yml", "mysql-replication.alerts.yml"]:
        wanted += yaml.safe_load((ROOT / "deploy/prometheus" / file).read_text())["groups"]
    expect(rule["spec"]["groups"] == wanted, f"{name}: the PrometheusRule is not what deploy/prometheus has")


def check_configuration(name, objects, exporter):
    """The program reads the configuration that the pod would have."""
    for item in objects:
        text = item.get("data", {}).get("config.yml") if item["kind"] == "ConfigMap" else None
        if text is None:
            continue
        expect(not re.search(r"password: (?!\$\{)", text), f"{name}: a password in a ConfigMap")
        if exporter is not None:
            with tempfile.TemporaryDirectory() as folder:
                secret = pathlib.Path(folder, "password")
                secret.write_text("checked")
                file = pathlib.Path(folder, "config.yml")
                file.write_text(text.replace("/run/secrets/mysql/mysql-password", str(secret)))
                result = run(exporter, "--config.check", f"--config.file={file}", env={"EXPORTER_PASSWORD": "checked"})
                expect(result.returncode == 0, f"{name}: the program refuses the configuration: {result.stderr}{result.stdout}")


# The chart


def objects_of(text):
    return [item for item in yaml.safe_load_all(text) if item]


def render(helm, values, *options):
    return run(helm, "template", RELEASE, CHART, "--namespace", NAMESPACE, "--values", values, *options)


def check_accepted(helms, exporter):
    rendered = {}
    for values in sorted((CHART / "ci").glob("*.yaml")):
        name = f"chart, {values.name}"
        outputs = []
        for helm in helms if exporter is None else helms[-1:]:
            if exporter is not None:
                check_configuration(name, objects_of(render(helm, values).stdout), exporter)
                continue
            lint = run(helm, "lint", "--strict", CHART, "--values", values)
            expect(lint.returncode == 0, f"{name}: {helm.name} lint: {lint.stdout}{lint.stderr}")
            result = render(helm, values)
            expect(result.returncode == 0, f"{name}: {helm.name}: {result.stderr}")
            if result.returncode == 0:
                outputs.append(objects_of(result.stdout))
        if exporter is not None or len(outputs) != len(helms):
            continue
        kinds = lambda items: sorted(items, key=lambda item: (item["kind"], item["metadata"]["name"]))
        expect(kinds(outputs[0]) == kinds(outputs[-1]), f"{name}: the versions of helm render different objects")
        validate(name, outputs[-1])
        check_pod(name, outputs[-1])
        check_configuration(name, outputs[-1], None)
        rendered[values.name] = outputs[-1]
    return rendered


def check_details(helm, rendered):
    everything, existing = rendered["everything-values.yaml"], rendered["existing-values.yaml"]
    kinds = {item["kind"] for item in everything}
    templates = {re.search(r"^kind: (\w+)", file.read_text(), re.M) for file in (CHART / "templates").glob("*.yaml")}
    expect({found[1] for found in templates if found} <= kinds, "chart: everything-values.yaml leaves out a kind of object")
    expect(only(everything, "ServiceMonitor")["metadata"]["labels"]["release"] == "kube-prometheus-stack", "chart: no label `release`")
    expect(only(everything, "PrometheusRule")["metadata"]["labels"]["release"] == "other", "chart: an object's own label does not win")
    expect(only(existing, "ConfigMap") is None and only(existing, "ServiceAccount") is None, "chart: an object beside the existing one")
    volumes = only(existing, "Deployment")["spec"]["template"]["spec"]["volumes"]
    expect(volumes[0]["secret"]["items"] == [{"key": "exporter.yml", "path": "config.yml"}], "chart: the key of the configuration")
    expect({"key": "replication-password", "path": "mysql-password"} in volumes[1]["secret"]["items"], "chart: the key of the password")

    # A changed configuration rolls the pod, and nothing else does.
    minimal = CHART / "ci/minimal-values.yaml"
    sums = [
        only(objects_of(render(helm, minimal, *options).stdout), "Deployment")["spec"]["template"]["metadata"]["annotations"]
        for options in [[], ["--set", "config.defaults.timeout=3s"], ["--set", "service.port=80"]]
    ]
    expect(sums[0] != sums[1] and sums[0] == sums[2], "chart: the checksum does not follow the configuration")


def check_refused(helms):
    cases = sorted((CHART.parent / "refused").glob("*.yaml"))
    expect(cases, "chart: no case of refused values")
    for values in cases:
        wanted = re.match(r"# refused: (.+)", values.read_text())[1]
        for helm in helms:
            result = render(helm, values)
            expect(result.returncode != 0, f"chart: {helm.name} renders refused/{values.name}")
            expect(wanted in result.stderr, f"chart: {helm.name}, refused/{values.name}: no '{wanted}' in: {result.stderr}")
    return len(cases)


def check_documents():
    readme = (CHART / "README.md").read_text()
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    schema = yaml.safe_load((CHART / "values.schema.json").read_text())

    def keys(tree, properties, prefix=""):
        for key, value in tree.items():
            path = prefix + key
            expect(key in properties, f"chart: values.schema.json lacks {path}")
            inner = properties.get(key, {}).get("properties")
            if isinstance(value, dict) and value and inner and properties[key].get("additionalProperties") is False and path != "resources":
                yield from keys(value, inner, path + ".")
            else:
                yield path

    for path in keys(values, schema["properties"]):
        expect(f"`{path}`" in readme, f"chart: README.md does not describe {path}")
    for path in re.findall(r"^\| `([^`]+)` \|", readme, re.M):
        tree = values
        for key in path.split("."):
            expect(key in tree, f"chart: README.md describes {path}, which is no value")
            tree = tree.get(key, {}) if isinstance(tree, dict) else {}
    copy_of_rules = CHART / "files/prometheusrule.yaml"
    original = ROOT / "deploy/kubernetes/prometheusrule.yaml"
    expect(
        copy_of_rules.read_bytes() == original.read_bytes(),
        "chart: the rules are out of step: cp deploy/kubernetes/prometheusrule.yaml deploy/helm/mysql-replication-exporter/files/",
    )
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    packaged = re.match(r"\S+ \(([^)]+)\)", (ROOT / "deploy/debian/changelog").read_text())[1]
    expect(chart["appVersion"] == packaged, f"chart: appVersion is {chart['appVersion']}, the package's {packaged}")
    kustomization = yaml.safe_load((ROOT / "deploy/kubernetes/kustomization.yaml").read_text())
    expect(kustomization["images"][0]["newTag"] == packaged, "kustomization: the image's tag is not the package's version")


# The kustomization


def check_kustomization(kubectl, exporter):
    folder = ROOT / "deploy/kubernetes"
    with tempfile.TemporaryDirectory() as work:
        protected = pathlib.Path(work, "kubernetes")
        shutil.copytree(folder, protected)
        file = protected / "kustomization.yaml"
        text = file.read_text()
        expect("\n# components: [web]\n" in text, "kustomization: the component `web` is not offered")
        file.write_text(text.replace("\n# components: [web]\n", "\ncomponents: [web]\n"))
        for name, path in [("kustomization", folder), ("kustomization with web", protected)]:
            result = run(kubectl, "kustomize", path)
            expect(result.returncode == 0, f"{name}: {result.stderr}")
            if result.returncode != 0:
                continue
            objects = objects_of(result.stdout)
            check_configuration(name, objects, exporter)
            if exporter is not None:
                continue
            validate(name, objects)
            check_pod(name, objects)
            for kind in ["ServiceMonitor", "PrometheusRule"]:
                expect(only(objects, kind)["metadata"]["labels"].get("release"), f"{name}: kube-prometheus-stack ignores the {kind}")
    for file in sorted(folder.glob("*.example.yaml")):
        validate(file.name, objects_of(file.read_text()))


def check_validation(rendered):
    """The schemas do refuse: a misspelled key in an object of each kind."""
    for item in rendered["everything-values.yaml"]:
        broken = copy.deepcopy(item)
        place = broken.setdefault("spec", {})
        if item["kind"] == "ServiceMonitor":
            place = place["endpoints"][0]
        if item["kind"] == "PrometheusRule":
            place = place["groups"][0]["rules"][0]
        place["honourLabels"] = True
        before = len(failures)
        validate("broken on purpose", [broken])
        refused = len(failures) > before
        del failures[before:]
        expect(refused, f"the schema of {item['kind']} admits a key that does not exist")


def finish():
    for failure in failures:
        print(f"check-chart: {failure}", file=sys.stderr)
    sys.exit(1 if failures else 0)


def main():
    tools = pathlib.Path(sys.argv[1])
    exporter = sys.argv[2] if len(sys.argv) > 2 else None
    helms = [tools / "helm-3", tools / "helm-4"]
    if exporter is not None:
        check_accepted(helms, exporter)
        check_kustomization(tools / "kubectl", exporter)
        finish()
    found = ", ".join(run(helm, "version", "--short").stdout.strip() for helm in helms)
    rendered = check_accepted(helms, None)
    if len(rendered) == len(list((CHART / "ci").glob("*.yaml"))):
        check_details(helms[-1], rendered)
        check_validation(rendered)
    refused = check_refused(helms)
    check_documents()
    check_kustomization(tools / "kubectl", None)
    print(f"chart: {len(rendered)} value files rendered, {refused} refused, by helm {found}; Kubernetes {' and '.join(versions())},"
          f" Prometheus operator {importlib.metadata.version('cloudcoil.models.prometheus_operator')}")
    finish()


main()
