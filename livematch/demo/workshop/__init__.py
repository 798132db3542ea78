"""How the demo films are made: painted, panned over and cut; run by hand, never by a show."""
