"""Routing artifacts as releases: trained, judged, compared, promoted. Nothing here routes."""
