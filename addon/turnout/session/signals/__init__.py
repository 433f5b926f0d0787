"""What shows whether a model copes: one small function a signal, each with a table test."""
