"""From a prompt to a model. Pure: no sockets, no clock, no globals."""
