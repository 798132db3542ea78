"""A TouchOSC layout of the instrument: pages of controls, made from the address space."""

SIZE = (1024, 768)  # points, of a tablet that lies
LEAST, MOST = 360, 4096  # points, either way
