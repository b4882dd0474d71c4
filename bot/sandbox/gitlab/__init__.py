"""An emulated GitLab: one project of one group, its state as plain data, the REST API v4 and the hooks as its mouth."""
