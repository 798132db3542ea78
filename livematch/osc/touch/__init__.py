"""A TouchOSC layout of the instrument: pages of controls, made from the address space."""
