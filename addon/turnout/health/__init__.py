"""How bindings are doing: breakers, limits, what they refuse, how fast they answer."""
