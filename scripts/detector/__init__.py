"""The evidence as a detector, on labelled sessions."""
