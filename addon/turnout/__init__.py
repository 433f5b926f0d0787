"""Send each request of an agent to the cheapest model that will do as well."""

__version__ = "0.1.0"
