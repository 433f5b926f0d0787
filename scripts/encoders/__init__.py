"""Encoders and ways of grouping, compared on held-out routing utility. See ../compare_encoders."""
