"""INTERCEPT: the only place that knows mitmproxy.

addon.py    the hooks: recognise, plan, point at the relay, account
master.py   `turnout serve`
flows.py    what mitmweb and mitmproxy's console show of a routed flow
"""

from turnout.proxy.addon import CA_NAME, INTERNAL, Turnout, addons
from turnout.proxy.master import serve

__all__ = ["CA_NAME", "INTERNAL", "Turnout", "addons", "serve"]
