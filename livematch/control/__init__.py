"""What the performer steers: the parameter table, commands, and their state each tick."""
