"""The hub's files, without a hub: what can be tried of the values for Kubernetes, and that all agree."""

import os
import subprocess
import sys
import types
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
HUB = ROOT / "classroom" / "hub"
VALUES = yaml.safe_load((HUB / "values.yaml").read_text(encoding="utf-8"))


@pytest.mark.skipif(os.name == "nt", reason="runs in a Linux image")
def test_a_students_pod_copies_the_lessons_and_overwrites_nothing(tmp_path):
    shell, flag, script = VALUES["singleuser"]["lifecycleHooks"]["postStart"]["exec"]["command"]
    assert "cd /srv/lessons && python " in script
    here = script.replace("/srv/lessons", str(ROOT)).replace("python ", f"{sys.executable} ", 1)
    run = [shell, flag, here]
    settings = {**os.environ, "HOME": str(tmp_path)}
    subprocess.run(run, env=settings, check=True, capture_output=True)
    copied = tmp_path / "lessons" / "01_windows_and_leakage.ipynb"
    assert copied.read_bytes() == (ROOT / "notebooks" / copied.name).read_bytes()
    copied.write_text("mine")
    subprocess.run(run, env=settings, check=True, capture_output=True)
    assert copied.read_text() == "mine"


def test_only_teachers_see_all_homes_and_only_to_read(monkeypatch):
    models = types.ModuleType("kubernetes_asyncio.client.models")
    models.V1VolumeMount = types.SimpleNamespace
    monkeypatch.setitem(sys.modules, "kubernetes_asyncio.client.models", models)
    for name in ("kubernetes_asyncio", "kubernetes_asyncio.client"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    config = types.SimpleNamespace(KubeSpawner=types.SimpleNamespace())
    exec(VALUES["hub"]["extraConfig"]["teachers"], {"c": config})

    def mounts(admin):
        own = types.SimpleNamespace(name="home", mount_path="/home/jovyan", sub_path="home/anna")
        containers = [types.SimpleNamespace(volume_mounts=[own])]
        pod = types.SimpleNamespace(spec=types.SimpleNamespace(containers=containers))
        spawner = types.SimpleNamespace(user=types.SimpleNamespace(admin=admin))
        pod = config.KubeSpawner.modify_pod_hook(spawner, pod)
        return {mount.mount_path: mount for mount in pod.spec.containers[0].volume_mounts}

    assert set(mounts(admin=False)) == {"/home/jovyan"}
    assert set(mounts(admin=True)) == {"/home/jovyan", "/srv/homes", "/srv/feedback"}
    assert mounts(admin=True)["/srv/homes"].read_only


def test_the_same_threads_and_settings_everywhere():
    image = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["variables"]
    pods = VALUES["singleuser"]["extraEnv"]
    assert {name: pods[name] for name in image} == image
    server = (HUB / "jupyterhub_config.py").read_text(encoding="utf-8")
    assert all(f'"{name}"' in server for name in image)
    assert (ROOT / pods["JUPYTER_CONFIG_PATH"].removeprefix("/srv/lessons/")).is_dir()
