"""Server settings for the course; `tasks.py lab` puts this folder on JUPYTER_CONFIG_PATH."""

import zmq
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class PromptWebsocketConnection(ZMQChannelsWebsocketConnection):
    """The usual connection between browser and kernel, sending every message at once.

    Without TCP_NODELAY the system holds small messages back for up to 40 ms, waiting for more to send
    along, and a figure lags behind its slider.
    """

    def connect(self):
        """Connect as usual, after asking for no delay."""
        self.websocket_handler.set_nodelay(True)
        return super().connect()


c = get_config()  # noqa: F821 - Jupyter defines it for its configuration files
c.ServerApp.kernel_websocket_connection_class = PromptWebsocketConnection

# Nobody else on a shared computer can listen in, and the kernel does not warn that they could.
if zmq.has("curve"):
    c.KernelManager.transport_encryption = "auto"

# File, Save and Export Notebook As, HTML: one file with its figures in it, and nothing loaded to draw them.
c.HTMLExporter.preprocessors = ["lessons.export.StaticFigures"]
c.HTMLExporter.require_js_url = ""
c.HTMLExporter.mathjax_url = "data:,"  # an empty script
