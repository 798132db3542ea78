"""From a folder of films to an archive: scan, decode once, cut, describe, make proxies."""
