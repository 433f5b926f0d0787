"""Labelled pairs of questions, and the model of the semantic cache calibrated on them."""
