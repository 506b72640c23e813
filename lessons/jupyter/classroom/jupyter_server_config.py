"""The classroom view; `tasks.py lab --classroom` puts this folder, too, on JUPYTER_CONFIG_PATH."""

from pathlib import Path

c = get_config()  # noqa: F821 - Jupyter defines it for its configuration files
c.LabApp.custom_css = True
c.ServerApp.tornado_settings = {"static_custom_path": [str(Path(__file__).parent / "custom")]}
