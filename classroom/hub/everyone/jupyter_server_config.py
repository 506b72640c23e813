"""Give memory back: a kernel that nobody uses ends after an hour, a student's server an hour later.

Notebooks are saved by then, and a kernel that is computing is in use.
"""

c = get_config()  # noqa: F821 - Jupyter defines it for its configuration files
c.MappingKernelManager.cull_idle_timeout = 3600
c.MappingKernelManager.cull_interval = 300
c.MappingKernelManager.cull_connected = True  # a forgotten browser tab keeps nothing alive
c.ServerApp.shutdown_no_activity_timeout = 3600
