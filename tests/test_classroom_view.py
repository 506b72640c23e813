"""The switch for the classroom view, without a browser; tests/browser/test_classroom.py looks at the page."""

from pathlib import Path

from tools import ROOT, commands

VIEW = ROOT / "lessons" / "jupyter" / "classroom"


def config_path(*words):
    """Return the folders from which `lab` with further words gives JupyterLab its settings."""
    options, _ = commands.parser().parse_known_args(["lab", *words])
    settings = commands.jupyter_settings(Path("work"), options.classroom)
    return settings["JUPYTER_CONFIG_PATH"]


def test_only_the_switch_brings_the_classroom_view():
    assert str(VIEW) not in config_path()
    assert config_path("--classroom").startswith(str(VIEW))
    assert str(ROOT / "lessons" / "jupyter") in config_path("--classroom")[len(str(VIEW)) :]


def test_where_the_home_folder_takes_no_files_jupyters_go_into_work(monkeypatch, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert "JUPYTER_RUNTIME_DIR" not in commands.jupyter_settings(Path("work"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "file" / "home")
    settings = commands.jupyter_settings(Path("work"))
    moved = [settings[f"JUPYTER_{kind}_DIR"] for kind in ("RUNTIME", "DATA", "CONFIG")]
    assert all(Path(folder).is_relative_to(Path("work", ".jupyter")) for folder in moved)
    assert "Nothing can be written to" in capsys.readouterr().out
