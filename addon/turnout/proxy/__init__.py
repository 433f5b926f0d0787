"""INTERCEPT: the only place that knows mitmproxy.

addon.py    the hooks: recognise, plan, point at the relay, account
places.py   whose request a flow is, and where it belongs
master.py   `turnout serve`
flows.py    what mitmweb and mitmproxy's console show of a routed flow
"""

from turnout.proxy.addon import CA_NAME, Turnout, addons
from turnout.proxy.master import serve
from turnout.proxy.places import INTERNAL

__all__ = ["CA_NAME", "INTERNAL", "Turnout", "addons", "serve"]
