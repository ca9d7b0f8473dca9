# /etc/jupyterhub/jupyterhub_config.py: who logs in at the hub gets the workbook "team" of kam.toml.
# Needs jupyterhub, jupyter-server-proxy and configurable-http-proxy; they may have an environment of their own.
import os
import secrets

c = get_config()  # noqa: F821

# -- the hub; how people log in and how their processes start is yours to choose
c.JupyterHub.bind_url = "http://127.0.0.1:8000"  # put TLS in front of it
c.JupyterHub.authenticator_class = "shared-password"  # one for everybody, to try it
c.SharedPasswordAuthenticator.user_password = os.environ.get(
    "KAM_HUB_PASSWORD", ""
)  # without it nobody comes in
c.Authenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.Spawner.args = [f"--config={__file__}"]
c.Spawner.default_url = "/team/"

# -- the server of each person reads this file too: it asks the hub who comes, and passes on to the workbook
command = "/opt/kamlib/.venv/bin/python -m kamlib serve /srv/kam/kam.toml --only team --port {port} --base-url {base_url}"
token = secrets.token_urlsafe(32)  # nobody else on this computer has it
c.ServerProxy.servers = {
    "team": {
        "command": command.split(),
        "environment": {"KAM_TOKEN": token},
        "request_headers_override": {
            "Authorization": f"token {token}",
            "X-Remote-User": os.environ.get("JUPYTERHUB_USER", ""),
        },
        "absolute_url": True,
        "timeout": 60,
    }
}
c.ServerApp.terminals_enabled = False
